"""What projects, keys and providers have used lately, for pages that show many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from logs_app.models import Series
from logs_app.rollups import FINE_SPANS, histogram, spans
from logs_app.rollups.figures import Sums
from logs_app.rollups.spans import DAY, DAY_SECONDS, Stretch
from logs_app.statistics import sums

# By kind: the column of the series that names one of it, and what else narrows to that kind.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "project": ("project_id", {"is_coarse": True}),
    "credential": ("key_id", {"key_kind": "credential"}),
    "token": ("key_id", {"key_kind": "token"}),
    "provider": ("provider", {"is_coarse": True}),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Over one span of time. `cost_nanos` None: nothing of it has a price; times None: nothing was timed."""

    requests: int = 0
    errors: int = 0
    tokens: int = 0
    cost_nanos: int | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None


NOTHING = Spent()


def lately(kind: str, ids: Iterable[str], now: datetime | None = None) -> dict[str, Spent]:
    """Over the last 24 hours, to whole quarters."""
    seconds = int((now or timezone.now()).timestamp())
    stretches = spans.covering(seconds - DAY_SECONDS, seconds, FINE_SPANS)
    found = sums.of_series(_using(), _series(kind, ids), stretches, None)
    return {name: _spent(figures) for ((name,), _start), figures in found.items()}


def daily(kind: str, ids: Iterable[str], days: int, now: datetime | None = None) -> dict[str, list[Spent]]:
    """By day (UTC), the oldest first and today last; of those that were used at all."""
    today = (now or timezone.now()).timestamp() // DAY_SECONDS * DAY_SECONDS
    start, end = int(today) - (days - 1) * DAY_SECONDS, int(today) + DAY_SECONDS
    found = sums.of_series(_using(), _series(kind, ids), [Stretch(DAY, start, end)], DAY_SECONDS)
    used: dict[str, list[Spent]] = {}
    for ((name,), moment), figures in found.items():
        used.setdefault(name, [NOTHING] * days)[(moment - start) // DAY_SECONDS] = _spent(figures)
    return used


def total(days: Sequence[Spent]) -> Spent:
    """Without times, which cannot be added."""
    priced = [day.cost_nanos for day in days if day.cost_nanos is not None]
    return Spent(
        sum(day.requests for day in days),
        sum(day.errors for day in days),
        sum(day.tokens for day in days),
        sum(priced) if priced else None,
    )


def _series(kind: str, ids: Iterable[str]) -> dict[int, sums.Group]:
    column, more = KINDS[kind]
    rows = Series.objects.filter(**more, **{f"{column}__in": list(ids)})
    return {id: (name,) for id, name in rows.values_list("id", column)}


def _using() -> str:
    return Series.objects.db


def _spent(figures: int) -> Spent:
    found = Sums(figures)
    return Spent(
        found["requests"],
        found["errors"],
        found["total_tokens"],
        found.known_cost,
        histogram.percentile(found.latencies, 0.5),
        histogram.percentile(found.latencies, 0.95),
    )
