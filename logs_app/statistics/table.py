"""Sums as CSV, for a spreadsheet: a row for each group, or for each interval of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from logs_app.exporting.csvtable import row_bytes
from logs_app.rollups.figures import Sums
from logs_app.statistics.columns import GROUPS
from logs_app.statistics.presentation import figures_of
from logs_app.statistics.question import StatisticsFilters
from logs_app.statistics.sums import Answer, Group

TIMES = ("latency_ms", "ttft_ms")
Key = tuple[Group, int]


def lines(asked: StatisticsFilters, answer: Answer) -> Iterator[bytes]:
    """With its head. By time, and within an interval the busiest group first."""
    columns = [column for name in asked.groups for column in GROUPS[name]]
    yield row_bytes([*columns, *(["start"] if asked.step_seconds else []), *_flat(0)])
    rows = _rows(asked, answer)
    for group, start in sorted(rows, key=lambda key: (key[1], -Sums(rows[key])["requests"], str(key[0]))):
        when = [datetime.fromtimestamp(start, UTC)] if asked.step_seconds else []
        yield row_bytes([*group, *when, *_flat(rows[group, start]).values()])


def _rows(asked: StatisticsFilters, answer: Answer) -> dict[Key, int]:
    rows: dict[Key, int] = defaultdict(int)
    for (group, start), figures in answer.sums.items():
        rows[group, start if asked.step_seconds else 0] += figures
    return rows


def _flat(figures: int) -> dict[str, Any]:
    """`latency_ms.p50` for what is one figure within another; money is a number, and not a text."""
    shown = figures_of(figures)
    for name in TIMES:
        shown |= {f"{name}.{part}": value for part, value in shown.pop(name).items()}
    return shown
