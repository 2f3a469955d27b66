"""What the dashboard knows of a period. Read at most every few seconds, however many pages ask."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from logs_app.models import LogRecord
from logs_app.statistics import failures, faults, periods
from logs_app.statistics.failures import Failure
from logs_app.statistics.faults import Faults
from logs_app.statistics.periods import Overview

# Reading weeks costs more than reading an hour, and a few seconds change less of them.
KEPT_SECONDS = {"1h": 4.0, "24h": 9.0, "7d": 60.0, "30d": 60.0}
MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class Found:
    overview: Overview
    failures: list[Failure]
    faults: Faults
    read_at: float


_kept: dict[tuple[str, str], Found] = {}


def of(user: Any, period: str) -> Found:
    """Of the records that this user may see; who may see the same ones shares what was read."""
    records = LogRecord.objects.visible_to(user)
    key = (str(records.query), period)
    found = _kept.get(key)
    if found is None or time.monotonic() - found.read_at > KEPT_SECONDS[period]:
        found = _read(records, period)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key] = found
    return found


def forget() -> None:
    _kept.clear()


def _read(records: Any, period: str) -> Found:
    overview = periods.read(period, timezone.now(), records)
    since = overview.answer.since
    return Found(overview, failures.read(since, records), faults.read(since, records), time.monotonic())
