"""The groups of a new relay, by what people in them can really do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from accounts.admin import people
from accounts.models import AuditEvent
from logs_app import payloads
from logs_app.models import LogPayload, LogRecord
from relay import roles

RECORD = "0190a1b2-0000-7000-8000-00000000000a"
PAGE, API = f"/admin/logs_app/logrecord/{RECORD}/", f"/manage/logs/{RECORD}"
SAID = "a secret plan for tuesday"

pytestmark = pytest.mark.django_db


@pytest.fixture
def record() -> LogRecord:
    now = datetime.now(UTC)
    made = LogRecord.objects.create(
        id=RECORD, node="n", seq=1, request_id="req-1", created_at=now, finished_at=now, latency_ms=1,
        method="POST", path="/v1/chat/completions",
        endpoint="/v1/chat/completions", is_streaming=False, outcome="completed",
        request_preview=SAID, response_preview=f"answer: {SAID}", request_bytes=10, response_bytes=10,
    )  # fmt: skip
    LogPayload.objects.create(record_id=RECORD, request_body=payloads.pack(SAID.encode()))
    return made


@pytest.fixture
def sign_in(client: Client) -> Any:
    roles.ensure_roles()

    def as_one_of(role: str) -> Client:
        user = User.objects.create_user(f"a {role}", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return as_one_of


def test_a_viewer_sees_that_a_call_was_made_and_not_what_was_said(sign_in: Any, record: LogRecord) -> None:
    viewer = sign_in("viewer")
    for path in (
        "/admin/logs_app/logrecord/",
        f"{PAGE}change/",
        "/manage/logs",
        API,
        "/admin/logs",
        f"/admin/logs/{RECORD}",
    ):
        answer = viewer.get(path)
        assert answer.status_code == 200, path
        assert SAID not in answer.content.decode(), path
    assert not AuditEvent.objects.filter(action="record.reveal").exists()


@pytest.mark.parametrize(
    "path",
    [
        f"{PAGE}body/request/",
        f"{API}/snippet",
        "/manage/logs?search=secret",
        "/manage/stats?search=secret",
        "/manage/logs/export",
        "/manage/logs/export?format=openai-batch",
        "/admin/logs_app/logrecord/export/",
        f"{PAGE}replay/",
    ],
)
def test_a_viewer_is_refused_what_is_nothing_without_it(sign_in: Any, record: LogRecord, path: str) -> None:
    answer = sign_in("viewer").get(path)
    assert answer.status_code == 403
    assert SAID not in answer.content.decode()


def test_who_may_ask_again_and_not_read_is_refused_both(client: Client, record: LogRecord) -> None:
    user = User.objects.create_user("half an analyst", is_staff=True)
    names = ("view_logrecord", "add_logrecord")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    for answer in (
        client.get(f"{PAGE}replay/"),
        client.post(f"{PAGE}replay/", {"model": "gpt-4o"}),
        client.post(f"{API}/replay", {}, content_type="application/json"),
    ):
        assert answer.status_code == 403
        assert SAID not in answer.content.decode()
    assert not AuditEvent.objects.filter(action__in=("record.reveal", "record.replay")).exists()


def test_a_viewer_exports_metadata(sign_in: Any, record: LogRecord) -> None:
    answer = sign_in("viewer").get("/manage/logs/export?format=csv")
    text = b"".join(answer.streaming_content).decode()
    assert RECORD in text and SAID not in text


def test_a_viewer_finds_a_record_by_its_id_and_not_by_words(sign_in: Any, record: LogRecord) -> None:
    viewer = sign_in("viewer")
    assert RECORD in viewer.get("/admin/logs_app/logrecord/?q=req-1").content.decode()
    assert RECORD not in viewer.get("/admin/logs_app/logrecord/?q=secret").content.decode()


def test_an_analyst_reads_what_was_said_and_is_noted(sign_in: Any, record: LogRecord) -> None:
    analyst = sign_in("analyst")
    assert SAID in analyst.get(API).content.decode()
    assert AuditEvent.objects.get(action="record.reveal").actor_name == "a analyst"
    assert analyst.get("/admin/proxy/provider/add/").status_code == 403


def test_an_operator_manages_keys_and_providers_and_reads_nothing(sign_in: Any, record: LogRecord) -> None:
    operator = sign_in("operator")
    for path in (
        "proxy/provider/add/",
        "accounts/witheringtoken/add/",
        "logs_app/alertrule/add/",
        "logs_app/dispatcher/add/",
        "logs_app/deadletter/",
        "cache/?all=on",
    ):
        assert operator.get(f"/admin/{path}").status_code == 200, path
    assert SAID not in operator.get(f"{PAGE}change/").content.decode()
    assert operator.get("/admin/auth/user/").status_code == 403


def test_an_admin_may_do_everything(sign_in: Any, record: LogRecord) -> None:
    admin = sign_in("admin")
    for path in ("/admin/auth/user/add/", "/admin/accounts/auditevent/", "/admin/proxy/relaysettings/"):
        assert admin.get(path, follow=True).status_code == 200
    assert SAID in admin.get(API).content.decode()


def test_every_permission_of_a_role_exists() -> None:
    roles.ensure_roles()
    for name, wanted in roles.ROLES.items():
        given = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {".".join(each) for each in given} == set(wanted)


def test_a_role_that_somebody_changed_stays_changed() -> None:
    roles.ensure_roles()
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.set(Permission.objects.none())
    roles.ensure_roles()
    assert not viewer.permissions.exists()


def test_the_pages_of_people_say_what_each_role_may(admin_client: Client) -> None:
    assert set(people.ROLES) == {*roles.ROLES, roles.ADMIN}
    for path in ("user/", "group/", "group/add/"):
        assert "also reads what was said" in admin_client.get(f"/admin/auth/{path}").content.decode(), path
