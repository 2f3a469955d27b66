"""What one key has spent lately, by day and model, straight from its records.

One query over the index of keys, bounded in days and in records: beyond so many only the newest count, and
the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, Sum, Value, When

from logs_app.finding import moments
from logs_app.models import LogRecord, Outcome

MOST_DAYS = 90
MOST_RECORDS = 100_000
SUMS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost_nanos",
)


@dataclass(frozen=True, slots=True)
class Report:
    """`lines` by day, the newest first, then by model; each has `date`, `model`, `requests` and the sums."""

    since: date
    until: date
    lines: list[dict[str, Any]]
    is_partial: bool

    @property
    def total(self) -> dict[str, Any]:
        requests = sum(line["requests"] for line in self.lines)
        return {"requests": requests, **{name: _sum(line[name] for line in self.lines) for name in SUMS}}


def _sum(values: Iterable[int | None]) -> int | None:
    """None when nothing is known, as in SQL."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def of_key(key_id: str, days: int, now: datetime, most_records: int = MOST_RECORDS) -> Report:
    """Of today, in UTC, and the days before it. Refused calls spend nothing and are not counted."""
    today = now.astimezone(UTC).date()
    since = today - timedelta(days=days - 1)
    newest = LogRecord.objects.filter(key_id=key_id, id__gte=_first_id(since)).order_by("-id")
    rows = (
        LogRecord.objects.filter(pk__in=newest.values("pk")[:most_records])
        .annotate(day=_day(today - timedelta(days=n) for n in range(days)))
        .values("day", "model")
        .annotate(records=Count("pk"), requests=Count("pk", filter=~Q(outcome=Outcome.REJECTED)))
        .annotate(**{name: Sum(name) for name in SUMS})
        .order_by("day", "model")
    )
    found = list(rows)
    lines = [_line(row, today) for row in found if row["requests"]]
    return Report(since, today, lines, sum(row["records"] for row in found) >= most_records)


def _day(dates: Iterable[date]) -> Case:
    """As days before today, by the ids alone: their first 48 bits are the time."""
    cases = [When(id__gte=_first_id(day), then=Value(before)) for before, day in enumerate(dates)]
    return Case(*cases, output_field=IntegerField())


def _first_id(day: date) -> UUID:
    return moments.first_id(datetime.combine(day, time(), UTC))


def _line(row: Mapping[str, Any], today: date) -> dict[str, Any]:
    shown = {name: row[name] for name in ("model", "requests", *SUMS)}
    return {"date": today - timedelta(days=row["day"]), **shown}
