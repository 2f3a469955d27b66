from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay.environment import databases, notices


def test_usual_values_need_no_words() -> None:
    assert notices.reminders() == []


def test_what_means_something_else_here_is_said(settings: Any) -> None:
    settings.LLM_PROXY_EVENT_BUS = "in-memory"
    settings.OBSERVABILITY_ENABLED = False
    bus, observability = notices.reminders()
    assert "means database" in bus
    assert "OBSERVABILITY_ENABLED=false has no effect" in observability


def test_a_variable_of_an_earlier_system_that_nothing_reads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFY_SSL", "false")
    monkeypatch.setenv("MAX_TOKENS_LIMIT", "")
    (words,) = notices.reminders()
    assert "VERIFY_SSL is set, and nothing reads it" in words and "CA_CERTIFICATES" in words


def test_a_file_that_was_left_for_another_database_is_not_used_without_a_word(tmp_path: Path) -> None:
    database = tmp_path / "relay.db"
    assert notices.left(database) == []
    notices.moved_mark(database).write_text("2026-11-29 12:00 UTC\n")
    (words,) = notices.left(database)
    assert f"{database} was copied into another database (2026-11-29 12:00 UTC)" in words
    assert "DATABASE_URL" in words


@pytest.mark.parametrize("bus", ["redis", "redis-streams"])
def test_the_bus_on_redis_needs_one(bus: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="needs REDIS_URL"):
        databases.refuse_bus_without_redis(bus, "")
    databases.refuse_bus_without_redis(bus, "redis://127.0.0.1")
    databases.refuse_bus_without_redis("database", "")
