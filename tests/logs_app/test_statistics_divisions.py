from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from logs_app.rollups import figures
from logs_app.statistics import divisions
from logs_app.statistics.periods import PERIODS, Overview
from logs_app.statistics.sums import Answer

SINCE = datetime(2025, 11, 20, tzinfo=UTC)
START = int(SINCE.timestamp())
WORDS = {"all": "All", "rest": "Others", "none": "None"}
RECORD: dict[str, Any] = dict.fromkeys(figures.COLUMNS) | {"outcome": "completed"}


def overview(*calls: dict[str, Any], name: str = "24h") -> Overview:
    """`calls`: `count` like ones each, `step` intervals after the beginning."""
    period, sums = PERIODS[name], {}
    for call in calls:
        group = tuple(call.get(key, "") for key in ("model", "provider", "project_id", "project"))
        start = START + call.get("step", 0) * int(period.step.total_seconds())
        figure = figures.of(RECORD | {key: call[key] for key in call.keys() & RECORD.keys()})
        sums[group, start] = sums.get((group, start), 0) + figure * call.get("count", 1)
    return Overview(period, Answer(SINCE, SINCE + period.length, sums, "rollups"), 0)


def shown(parts: list[divisions.Part]) -> list[tuple[str, str, int]]:
    return [(part.name, part.value, part.sums["requests"]) for part in parts]


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        ("", [("All", "", 6)]),
        ("model", [("m-1", "m-1", 5), ("m-2", "m-2", 1)]),
        ("provider", [("None", "", 4), ("here", "here", 2)]),
        ("project", [("None", "", 3), ("apollo", "p", 2), ("q", "q", 1)]),
    ],
)
def test_the_busiest_come_first_each_with_what_finds_it(by, wanted):
    found = overview(
        {"model": "m-1", "count": 3},
        {"model": "m-1", "provider": "here", "project_id": "p", "project": "apollo", "count": 2},
        {"model": "m-2", "project_id": "q", "step": 3},
    )
    assert shown(divisions.divide(found, by, WORDS)) == wanted


def test_those_that_are_too_many_stand_together():
    found = overview(*({"model": f"m-{number}", "count": 20 - number} for number in range(9)))
    parts = divisions.divide(found, "model", WORDS)
    assert shown(parts)[-2:] == [("m-5", "m-5", 15), ("Others", "", 14 + 13 + 12)]
    assert len(divisions.divide(found, "model", WORDS, most=None)) == 9


def test_the_parts_keep_their_intervals():
    found = overview({"model": "m", "step": 1}, {"model": "m", "step": 2, "count": 2}, {"model": "n"})
    (part, _) = divisions.divide(found, "model", WORDS)
    assert sorted(part.by_start) == [START + 900, START + 1800]


def test_nothing_is_divided_into_nothing():
    assert divisions.divide(overview(), "model", WORDS) == []
    assert shown(divisions.divide(overview(), "", WORDS)) == [("All", "", 0)]
