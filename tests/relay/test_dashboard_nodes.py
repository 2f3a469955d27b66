from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from logs_app.models import LogRecord, Node
from relay.dashboard import figures, nodes
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


def machine(name: str, *, minutes_ago: float) -> None:
    record = add_record()
    LogRecord.objects.filter(pk=record.pk).update(
        node=name, seq=7, created_at=timezone.now() - timedelta(minutes=minutes_ago)
    )
    Node.objects.update_or_create(pk=name, defaults={"seq": 7})


def moods() -> dict[str, str]:
    return {found.name: found.mood for found in nodes.look()}


def test_one_alone_has_nothing_to_be_compared_with(settings: Any) -> None:
    machine(settings.NODE_ID, minutes_ago=60)
    machine("replaced-long-ago", minutes_ago=60 * 24 * 8)
    machine("seeded", minutes_ago=1)
    assert nodes.look() == []


def test_who_is_silent_while_others_record_is_seen(
    settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    machine(settings.NODE_ID, minutes_ago=1)
    machine("other", minutes_ago=10)
    with django_assert_num_queries(1):
        assert moods() == {settings.NODE_ID: "ok", "other": "warn"}
    assert [found.is_this for found in nodes.look()].count(True) == 1


def test_a_quiet_night_makes_nobody_silent(settings: Any) -> None:
    machine(settings.NODE_ID, minutes_ago=600)
    machine("other", minutes_ago=600.5)
    assert set(moods().values()) == {"ok"}


def test_who_may_be_gone_is_not_said_to_record(settings: Any) -> None:
    machine(settings.NODE_ID, minutes_ago=1)
    machine("other", minutes_ago=3.2)
    (other,) = [found for found in nodes.look() if not found.is_this]
    assert (other.mood, other.state) == ("muted", "quiet for 2\xa0minutes")


def test_the_page_shows_them(admin_client: Client, settings: Any) -> None:
    machine(settings.NODE_ID, minutes_ago=1)
    machine("other", minutes_ago=10)
    figures.forget()
    text = admin_client.get("/admin/").content.decode()
    assert "(this one)" in text and ">other<" in text.replace(" </th>", "</th>")
    assert "its journal keeps what it has" in text
