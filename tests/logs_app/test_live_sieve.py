from __future__ import annotations

from dataclasses import replace

import pytest

from logs_app.finding.filters import RecordFilters
from logs_app.live import sieve
from logs_app.live.flights import Flight

FLIGHT = Flight(
    id="01" * 16,
    started_us=1_763_660_000_000_000,  # 2025-11-20 17:33:20 UTC
    method="POST",
    path="/v1/files/f-1",
    endpoint="/v1/files/{id}",
    model="gpt",
    is_streaming=True,
    key_id="7",
    key="first",
    project_id="00000000-0000-4000-8000-000000000001",
    project="Shop",
    provider="p-1",
    model_sent="gpt",
    status=200,
    parts=1,
    bytes=1,
    is_readable=True,
)


def passes(flight: Flight = FLIGHT, **query: str) -> bool:
    filters = RecordFilters.given(query)
    filters.is_valid(raise_exception=True)
    return sieve.passes(flight, filters.validated_data)


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("project", "Shop", "shop"),
        ("project", "00000000-0000-4000-8000-000000000001", "1"),
        ("key", "first", "second"),
        ("key", "7", "8"),
        ("model", "gpt", "gp"),
        ("provider", "p-1", "p-2"),
        ("path", "/v1/files/f-1", "/v1/files"),
        ("endpoint", "/v1/files/{id}", "/v1/files/f-1"),
        ("stream", "true", "false"),
        ("since", "2025-11-20T17:33:20Z", "2025-11-20T17:33:21Z"),
        ("until", "2025-11-20T17:33:21Z", "2025-11-20T17:33:20Z"),
    ],
)
def test_what_is_known_of_an_open_call_is_compared(name, value, other):
    assert passes(**{name: value})
    assert not passes(**{name: other})


@pytest.mark.parametrize("name", ["status", "outcome", "min_tokens", "tag", "error_code"])
def test_what_only_its_end_will_tell_does_not_fit(name):
    values = {"status": "200", "outcome": "completed", "min_tokens": "0"}
    assert not passes(**{name: values.get(name, "x")})


def test_all_filters_must_fit():
    assert passes()
    assert passes(model="gpt", stream="true")
    assert not passes(replace(FLIGHT, is_streaming=False), model="gpt", stream="true")
