"""The times that the console looks back on, and what is known of each: sums by interval, and the totals of
as long a time before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from logs_app.identifiers import first_id
from logs_app.statistics import sums
from logs_app.statistics.question import INTERVALS
from logs_app.statistics.sums import Answer

# What the sums are divided by, in this order.
DIVIDED_BY = ("model", "provider", "project")
# More records than this in an hour, and minutes are not worth reading them: 15 minutes are kept as sums.
MOST_BY_MINUTE = 4000


@dataclass(frozen=True, slots=True)
class Period:
    """`interval` is a name in INTERVALS."""

    name: str
    length: timedelta
    interval: str

    @property
    def step(self) -> timedelta:
        return INTERVALS[self.interval]

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """Whole intervals; the last of them is under way."""
        step = int(self.step.total_seconds())
        end = -(-int(now.timestamp()) // step) * step
        return datetime.fromtimestamp(end, UTC) - self.length, now


PERIODS = {
    period.name: period
    for period in (
        Period("1h", timedelta(hours=1), "minute"),
        Period("24h", timedelta(days=1), "15m"),
        Period("7d", timedelta(days=7), "hour"),
        Period("30d", timedelta(days=30), "day"),
    )
}
USUAL = "24h"
_COARSE_HOUR = Period("1h", timedelta(hours=1), "15m")


@dataclass(frozen=True, slots=True)
class Overview:
    """`before` has the totals of as long a time before, to compare with."""

    period: Period
    answer: Answer
    before: int

    @property
    def total(self) -> int:
        return self.answer.total


def read(name: str, now: datetime, records: Any) -> Overview:
    """`records`: those that the asking person may see."""
    period = PERIODS[name]
    since, until = period.bounds(now)
    if period.interval == "minute" and _are_many(records, since):
        period = _COARSE_HOUR
        since, until = period.bounds(now)
    divided = {"group_by": ",".join(DIVIDED_BY), "interval": period.interval}
    answer = sums.ask(records, since, until, **divided)
    earlier = sums.ask(records, since - (until - since), since)
    return Overview(period, answer, earlier.total)


def _are_many(records: Any, since: datetime) -> bool:
    newest = records.filter(pk__gte=first_id(since)).order_by("-pk").values("pk")
    return newest[MOST_BY_MINUTE : MOST_BY_MINUTE + 1].exists()
