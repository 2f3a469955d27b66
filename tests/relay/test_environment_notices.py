from __future__ import annotations

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


@pytest.mark.parametrize("bus", ["redis", "redis-streams"])
def test_the_bus_on_redis_needs_one(bus: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="needs REDIS_URL"):
        databases.refuse_bus_without_redis(bus, "")
    databases.refuse_bus_without_redis(bus, "redis://127.0.0.1")
    databases.refuse_bus_without_redis("database", "")
