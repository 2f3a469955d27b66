from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import RequestFactory

from accounts.models import AuditEvent
from logs_app import reveals
from logs_app.models import LogRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


@pytest.fixture
def record() -> LogRecord:
    return LogRecord(id="0190a1b2-0000-7000-8000-000000000001", request_id="req-1")


def reading(name: str) -> Any:
    request = RequestFactory().get("/manage/logs/1")
    request.user = get_user_model()(username=name)
    return request


def test_it_says_who_read_which_record(record: LogRecord) -> None:
    reveals.note(reading("ada"), record)
    found = AuditEvent.objects.get()
    assert (found.action, found.actor_name, found.target_id) == ("record.reveal", "ada", str(record.pk))
    assert "/manage/logs/1" in found.detail


def test_repeats_of_a_minute_are_one(record: LogRecord) -> None:
    for _ in range(3):
        reveals.note(reading("ada"), record)
    assert AuditEvent.objects.count() == 1


def test_readers_and_records_are_told_apart(record: LogRecord) -> None:
    reveals.note(reading("ada"), record)
    reveals.note(reading("grace"), record)
    record.pk = "0190a1b2-0000-7000-8000-000000000002"
    reveals.note(reading("ada"), record)
    assert AuditEvent.objects.count() == 3


def refuse(*arguments: Any) -> Any:
    raise DatabaseError("away")


def test_a_reveal_that_could_not_be_written_is_tried_again(record: LogRecord) -> None:
    with pytest.raises(DatabaseError), connection.execute_wrapper(refuse):
        reveals.note(reading("ada"), record)
    reveals.note(reading("ada"), record)
    assert AuditEvent.objects.count() == 1
