"""What one key has used, by day and model: the sums that its records left, also of those that are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from logs_app.models import Outcome, Series
from logs_app.rollups.figures import Sums
from logs_app.rollups.spans import DAY, DAY_SECONDS, Stretch
from logs_app.statistics import sums

MOST_DAYS = 90
FIGURES = (
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cached_tokens",
    "reasoning_tokens",
)


@dataclass(frozen=True, slots=True)
class Report:
    """`lines` by day, the newest first, then by model; each has `date`, `model`, FIGURES and `cost_nanos`,
    which is None when nothing of it has a price. So has `total`, without the first two.
    """

    since: date
    until: date
    lines: list[dict[str, Any]]
    total: dict[str, Any]


def of_key(key_id: str, days: int, now: datetime) -> Report:
    """Of today, in UTC, and the days before it. Refused calls use nothing and are not counted."""
    today = now.astimezone(UTC).date()
    first = int(now.timestamp()) // DAY_SECONDS * DAY_SECONDS - (days - 1) * DAY_SECONDS
    stretch = Stretch(DAY, first, first + days * DAY_SECONDS)
    series = Series.objects.filter(key_id=key_id, is_coarse=False).exclude(outcome=Outcome.REJECTED)
    models = {id: (model,) for id, model in series.values_list("id", "model")}
    found = sums.of_series(series.db, models, [stretch], DAY_SECONDS)
    newest_first = sorted(found, key=lambda each: (-each[1], each[0]))
    lines = [{"date": _date(each[1]), "model": each[0][0], **_shown(found[each])} for each in newest_first]
    return Report(today - timedelta(days=days - 1), today, lines, _shown(sum(found.values())))


def _date(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def _shown(figures: int) -> dict[str, Any]:
    found = Sums(figures)
    return {name: found[name] for name in FIGURES} | {"cost_nanos": found.known_cost}
