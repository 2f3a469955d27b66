from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from accounts.tokens import lifetimes

FAR = datetime(2090, 1, 1, tzinfo=UTC)


def lives_for(**given: Any) -> timedelta:
    """To the second."""
    end = lifetimes.end_of(given)
    assert end is not None
    return timedelta(seconds=round((end - timezone.now()).total_seconds()))


@pytest.mark.parametrize(
    ("given", "lifetime"),
    [
        ({"duration_minutes": 1}, timedelta(minutes=1)),
        ({"duration_minutes": 525_600}, timedelta(days=365)),
        ({"duration_hours": 24}, timedelta(days=1)),
        ({"duration_hours": 24, "duration_minutes": None}, timedelta(days=1)),
        ({}, timedelta(days=30)),
    ],
)
def test_a_token_lives_as_long_as_was_said(given: dict[str, Any], lifetime: timedelta) -> None:
    assert lives_for(**given) == lifetime


def test_a_moment_is_taken_as_it_is() -> None:
    assert lifetimes.end_of({"expires_at": FAR}) == FAR


@pytest.mark.parametrize("way", lifetimes.WAYS)
def test_null_is_never(way: str) -> None:
    assert lifetimes.end_of({way: None}) is None


def test_the_default_is_a_setting(settings: Any) -> None:
    settings.DEFAULT_TOKEN_LIFETIME = timedelta(hours=2)
    assert lives_for() == timedelta(hours=2)
    settings.DEFAULT_TOKEN_LIFETIME = None
    assert lifetimes.end_of({}) is None


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"duration_minutes": 0}, "duration_minutes", "1 to 525600 minutes"),
        ({"duration_minutes": 525_601}, "duration_minutes", "1 to 525600 minutes"),
        ({"duration_hours": 8761}, "duration_hours", "1 to 8760 hours"),
        ({"duration_hours": -1}, "duration_hours", "1 to 8760 hours"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at", "passed"),
        ({"expires_at": datetime(2090, 1, 1)}, "expires_at", "zone"),
        ({"duration_hours": 1, "expires_at": FAR}, "expires_at", "only one of duration_hours, expires_at"),
    ],
)
def test_what_cannot_be_is_refused_by_field(given: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        lifetimes.end_of(given)
    assert refused.value.field == field
