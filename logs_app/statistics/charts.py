"""What the charts of a period draw: for each part of a division a line of numbers, one for each interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from accounts import money
from logs_app.rollups import histogram
from logs_app.rollups.figures import Sums
from logs_app.statistics.divisions import Part
from logs_app.statistics.periods import Overview

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
USUAL_PERCENTILE = "p95"

Line = list[float | None]
Counts = Callable[[Sums], Sequence[int]]


def draw(overview: Overview, parts: list[Part], percentile: str) -> dict[str, Any]:
    """Of a single part, times are drawn at each percentile; of several, each at `percentile`."""
    starts = _starts(overview)
    lines = [(part.name, [_sums(part, start) for start in starts]) for part in parts]
    drawn: dict[str, Any] = {"starts": starts, "step": int(overview.period.step.total_seconds())}
    for name in ("requests", "errors", "total_tokens"):
        drawn[name] = [{"name": part, "values": _counts(line, name)} for part, line in lines]
    drawn["cost"] = [{"name": part, "values": _dollars(line)} for part, line in lines]
    for name, counts in (("latency", _latencies), ("ttft", _ttfts)):
        if len(lines) == 1:
            drawn[name] = [
                {"name": label, "values": _times(lines[0][1], share, counts)}
                for label, share in PERCENTILES.items()
            ]
        else:
            drawn[name] = [
                {"name": part, "values": _times(line, PERCENTILES[percentile], counts)}
                for part, line in lines
            ]
    return drawn


def _starts(overview: Overview) -> list[int]:
    """Of all intervals, the empty ones too."""
    step = int(overview.period.step.total_seconds())
    first, last = int(overview.answer.since.timestamp()), math.ceil(overview.answer.until.timestamp())
    return list(range(first - first % step, last, step))


def _sums(part: Part, start: int) -> Sums | None:
    return Sums(part.by_start[start]) if start in part.by_start else None


def _counts(line: list[Sums | None], name: str) -> list[int]:
    return [sums[name] if sums else 0 for sums in line]


def _dollars(line: list[Sums | None]) -> list[float]:
    return [round(sums["cost_nanos"] / money.NANOS, money.PLACES) if sums else 0 for sums in line]


def _times(line: list[Sums | None], share: float, counts: Counts) -> Line:
    return [_rounded(histogram.percentile(counts(sums), share)) if sums else None for sums in line]


def _latencies(sums: Sums) -> Sequence[int]:
    return sums.latencies


def _ttfts(sums: Sums) -> Sequence[int]:
    return sums.ttfts


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
