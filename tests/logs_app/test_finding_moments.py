from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from logs_app.finding import moments

MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31 12:00", "2026-01-31T13:00:00+01:00",
     "2026-01-31T13:00:00 01:00", "1769860800", "1769860800.0", "1769860800000"],
)  # fmt: skip
def test_a_moment_may_be_written_in_many_ways(text):
    assert moments.moment(text) == MOMENT


def test_a_day_begins_at_midnight_utc():
    assert moments.moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(("text", "ago"), [("15m", timedelta(minutes=15)), ("7d", timedelta(days=7))])
def test_a_moment_may_be_so_long_ago(text, ago):
    assert abs(timezone.now() - ago - moments.moment(text)) < timedelta(seconds=5)
