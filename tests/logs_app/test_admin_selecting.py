"""Exporting and deleting the records that were chosen in the list."""

from __future__ import annotations

import orjson
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.admin import selecting
from logs_app.models import Attempt, LogPayload, LogRecord, RecordTag
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db

LIST = "/admin/logs_app/logrecord/"
SELECTED = f"{LIST}selected/"


@pytest.fixture
def clerk() -> User:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_logrecord", "view_payload")))
    return user


@pytest.fixture
def staff(clerk: User) -> Client:
    clerk.user_permissions.add(Permission.objects.get(codename="delete_logrecord"))
    client = Client()
    client.force_login(clerk)
    return client


def test_the_chosen_records_are_exported_and_no_others(staff):
    wanted, _other = many(2)
    answer = staff.post(SELECTED, {"action": "jsonl", "id": [str(wanted.pk), "nonsense"]})
    assert [orjson.loads(line)["id"] for line in b"".join(answer).splitlines()] == [str(wanted.pk)]
    assert AuditEvent.objects.get(action="record.export").actor_name == "clerk"


def test_deleting_asks_first(staff):
    record = add_record()
    html = staff.post(SELECTED, {"action": "delete", "id": str(record.pk)}).content.decode()
    assert "Delete 1 record?" in html and f'value="{record.pk}"' in html
    assert LogRecord.objects.filter(pk=record.pk).exists()


def test_what_is_deleted_goes_with_everything_that_is_kept_of_it(staff):
    gone, kept = (
        add_record(opened_with={"headers": [["x-relay-tags", "t"], ["content-type", "application/json"]]})
        for _ in range(2)
    )
    answer = staff.post(
        SELECTED,
        {"action": "delete", "id": str(gone.pk), "confirmed": "1", "filters": "tag=t&p=3"},
        follow=True,
    )
    assert answer.redirect_chain == [(f"{LIST}?tag=t&p=3", 302)]
    assert "1 record was deleted." in answer.content.decode()
    for model in (LogPayload, Attempt, RecordTag):
        assert set(model.objects.values_list("record_id", flat=True)) == {kept.pk}
    event = AuditEvent.objects.get(action="record.delete")
    assert (event.actor_name, event.target_id) == ("clerk", str(gone.pk))
    assert orjson.loads(event.detail)["ids"] == [str(gone.pk)]


def test_all_that_fit_the_filters_are_deleted_and_the_audit_log_says_which(staff, monkeypatch):
    monkeypatch.setattr(selecting, "MOST_DELETED", 2)
    many(3, model="gone")
    (kept,) = many(1, model="kept")
    form = {"action": "delete", "all": "1", "filters": "model=gone"}
    asked = staff.post(SELECTED, form).content.decode()
    assert "Delete 2 records?" in asked and "these 2 are the oldest" in asked
    staff.post(SELECTED, form | {"confirmed": "1"})
    assert LogRecord.objects.filter(model="gone").count() == 1
    staff.post(SELECTED, form | {"confirmed": "1"})
    assert list(LogRecord.objects.all()) == [kept]
    details = [orjson.loads(event.detail) for event in AuditEvent.objects.filter(action="record.delete")]
    assert sorted(detail["count"] for detail in details) == [1, 2]
    assert all(detail["filters"] == {"model": "gone"} for detail in details)


def test_nothing_chosen_is_nothing_deleted(staff):
    add_record()
    answer = staff.post(SELECTED, {"action": "delete", "confirmed": "1"}, follow=True)
    assert "Nothing was chosen." in answer.content.decode()
    assert LogRecord.objects.count() == 1


def test_who_may_only_look_is_offered_no_deleting_and_refused_it(clerk):
    record = add_record()
    client = Client()
    client.force_login(clerk)
    html = client.get(f"{LIST}?model=m-1").content.decode()
    assert 'value="csv"' in html and 'value="delete"' not in html
    form = {"action": "delete", "id": str(record.pk), "confirmed": "1"}
    assert client.post(SELECTED, form).status_code == 403
    assert LogRecord.objects.count() == 1


def test_strangers_and_strange_requests_get_nowhere(staff):
    record = add_record()
    assert Client().post(SELECTED, {"action": "csv", "id": str(record.pk)}).status_code == 302
    assert staff.get(SELECTED).status_code == 405
    assert staff.post(SELECTED, {"action": "fax", "id": str(record.pk)}).status_code == 404
