from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.audit.events import AuditEvent
from logs_app.dispatching import plan
from logs_app.models import DeadLetter, Dispatcher, Subscriber
from tests.accounts.api.conftest import API
from tests.logs_app.records import many

URL = "/manage/dispatchers"
FILE = {"name": "log", "service": "file", "endpoint": "events.jsonl"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db: None, client: Client, settings: Any, tmp_path: Path) -> API:
    settings.DATA_DIR = tmp_path
    return API(client)


def make(api: API, **values: Any) -> dict[str, Any]:
    made = api.post(URL, FILE | values)
    assert made.status_code == 201, made.content
    return made.json()


def test_a_dispatcher_is_created_shown_changed_and_deleted(api: API) -> None:
    many(2)
    made = make(api, filter={"status": "5xx"}, api_key="sk-secret")
    assert made.items() >= {**FILE, "filter": {"status": "5xx"}, "batch_size": 50, "is_enabled": True}.items()
    assert made["has_api_key"] is True and "sk-secret" not in json.dumps(made)
    assert made["state"].items() >= {"lag": 0, "delivered": 0, "is_running": False}.items()  # it begins now
    path = f"{URL}/{made['id']}"
    assert [row["name"] for row in api.get(URL).json()["results"]] == ["log"]
    assert api.patch(path, {"is_enabled": False, "filter": None}).json()["filter"] == {}
    many(1)
    assert api.get(path).json()["state"]["lag"] == 1
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    assert not Subscriber.objects.exists()
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions >= {f"dispatcher.{verb}" for verb in ("create", "update", "delete")}
    assert not any("sk-secret" in str(event.detail) for event in AuditEvent.objects.all())


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"service": "pigeon"}, "service"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": "../relay.db"}, "endpoint"),
        ({"endpoint": "/etc/passwd"}, "endpoint"),
        ({"options": {"colour": 1}}, "options"),
        ({"filter": {"status": "seven"}}, "filter"),
        ({"filter": {"since": "7d"}}, "filter"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_wrong(api: API, values: dict[str, Any], field: str) -> None:
    answer = api.post(URL, FILE | values)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    assert not Dispatcher.objects.exists()


def test_a_name_is_unique_and_stays(api: API) -> None:
    made = make(api)
    assert api.post(URL, FILE).status_code == 409
    assert api.patch(f"{URL}/{made['id']}", {"name": "other"}).status_code == 400
    assert api.patch(f"{URL}/{made['id']}", {"name": "log"}).status_code == 200


def test_one_whose_key_cannot_be_read_can_be_disabled(api: API) -> None:
    made = make(api, api_key="sk-secret")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE logs_app_dispatcher SET api_key = 'gAAAAA-of-a-lost-key'")
    assert api.patch(f"{URL}/{made['id']}", {"is_enabled": False}).status_code == 200
    assert "cannot be decrypted" in plan.of_row(Dispatcher.objects.get()).problem


def test_a_test_event_goes_out_at_once(api: API, tmp_path: Path) -> None:
    made = make(api)
    answer = api.post(f"{URL}/{made['id']}/test", {})
    assert answer.json() == {"has_arrived": True, "words": "The event has arrived."}
    line = json.loads((tmp_path / "events" / "events.jsonl").read_text())
    assert line["tags"] == ["test-event"]


def test_a_test_event_that_does_not_arrive_says_why(api: API, tmp_path: Path) -> None:
    made = make(api, endpoint="folder/events.jsonl")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "folder").write_text("in the way")
    answer = api.post(f"{URL}/{made['id']}/test", {}).json()
    assert answer["has_arrived"] is False
    assert "cannot be written" in answer["words"]


def test_dead_letters_are_listed_sent_again_and_dropped(api: API) -> None:
    made, records = make(api), many(3)
    for record in records:
        DeadLetter.objects.create(
            subscriber="log", record_id=record.pk, node=record.node, seq=record.seq,
            reason="no such project", died_at=record.created_at,
        )  # fmt: skip
    path = f"{URL}/{made['id']}/dead-letters"
    listed = api.get(path).json()
    assert listed["count"] == 3
    assert [row["record_id"] for row in listed["results"]] == [str(each.pk) for each in reversed(records)]
    assert api.post(f"{path}/resend", {"record_ids": [str(records[0].pk)]}).json() == {"count": 1}
    assert list(DeadLetter.objects.filter(is_due=True).values_list("record_id", flat=True)) == [records[0].pk]
    assert api.post(f"{path}/drop", {}).json() == {"count": 3}
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions >= {"dispatcher.resend", "dispatcher.drop"}


def test_subscribers_are_shown_also_without_a_row(api: API) -> None:
    make(api)
    Subscriber.objects.create(name="file:/tmp/x", delivered=7)
    shown = {row["name"]: row["delivered"] for row in api.get("/manage/subscribers").json()}
    assert shown == {"file:/tmp/x": 7, "log": 0}
