from __future__ import annotations

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from logs_app.models import LogRecord, Node
from proxy.models import Provider
from relay.health import sharedlimits
from tests.redisserver import redis_server

pytestmark = pytest.mark.django_db


def recorded(node: str, age: timedelta) -> None:
    Node.objects.create(pk=node, seq=7)
    moment = timezone.now() - age
    times = {"created_at": moment, "finished_at": moment, "latency_ms": 1.0}
    sizes = {"request_bytes": 0, "response_bytes": 0, "fold_version": 1, "repeats": 1}
    flags = {"is_streaming": False, "is_cached": False, "usage_estimated": False}
    LogRecord.objects.create(pk=uuid.uuid4(), node=node, seq=7, **times, **sizes, **flags)


def usual() -> list[str]:
    return [] if connection.vendor == "sqlite" else [sharedlimits.ALONE]


def test_one_machine_is_only_told_what_another_would_need() -> None:
    assert sharedlimits.reminders() == usual()


def test_its_own_records_are_not_another_machine(settings: Any) -> None:
    recorded(settings.NODE_ID, timedelta())

    assert sharedlimits.reminders() == usual()


def test_another_machine_on_the_same_database_needs_redis() -> None:
    recorded("other", timedelta(minutes=5))

    (line,) = sharedlimits.reminders()
    assert "(other)" in line and "Set REDIS_URL" in line


def test_a_machine_that_is_gone_is_not_counted() -> None:
    recorded("other", sharedlimits.RECENTLY * 2)

    assert sharedlimits.reminders() == usual()


def test_with_redis_there_is_nothing_to_say(settings: Any, redis_url: str) -> None:
    recorded("other", timedelta())
    settings.REDIS_URL = redis_url

    assert sharedlimits.reminders() == []


def test_a_redis_that_does_not_answer_is_said(settings: Any, tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        settings.REDIS_URL = server.url
    (line,) = sharedlimits.reminders()

    assert line.startswith("REDIS_URL: no answer")


def test_check_says_it() -> None:
    recorded("other", timedelta())
    Provider.objects.create(provider_key="a", api_base="https://a.example", api_key="k")
    output = io.StringIO()
    call_command("check", stdout=output)

    assert "Set REDIS_URL" in output.getvalue()


def test_check_fails_on_what_cannot_work() -> None:
    Provider.objects.all().delete()
    with pytest.raises(CommandError, match="No provider is enabled"):
        call_command("check", stdout=io.StringIO())


def test_check_lists_its_tags_and_nothing_else() -> None:
    recorded("other", timedelta())
    output = io.StringIO()
    call_command("check", "--list-tags", stdout=output)

    assert "REDIS_URL" not in output.getvalue()
