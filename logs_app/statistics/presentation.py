"""Sums as people and scripts read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from logs_app.presentation.presentation import cost
from logs_app.rollups import histogram
from logs_app.rollups.figures import TOKENS, Sums
from logs_app.statistics.columns import GROUPS
from logs_app.statistics.question import StatisticsFilters
from logs_app.statistics.sums import Answer, Group

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
MOST_GROUPS = 100
COUNTS = ("requests", "errors", "cache_hits", "streams")

Shown = dict[str, Any]


def present(asked: StatisticsFilters, answer: Answer) -> Shown:
    by_group: dict[Group, int] = defaultdict(int)
    by_start: dict[int, int] = defaultdict(int)
    for (group, start), figures in answer.sums.items():
        by_group[group] += figures
        by_start[start] += figures
    shown: Shown = {
        "since": answer.since,
        "until": answer.until,
        "source": answer.source,
        "is_capped": answer.is_capped,
        "records_from": answer.records_from,
        "totals": figures_of(sum(by_group.values())),
    }
    if asked.groups:
        shown["groups"] = _groups(asked, answer, by_group)
        shown["groups_left_out"] = max(len(by_group) - MOST_GROUPS, 0)
    if asked.step_seconds:
        shown["series"] = _series(by_start)
    return shown


def figures_of(figures: int) -> Shown:
    sums = Sums(figures)
    requests = sums["requests"]
    return {
        **{name: sums[name] for name in COUNTS},
        "error_rate": round(sums["errors"] / requests, 6) if requests else None,
        **{name: sums[name] for name in TOKENS},
        "usage_estimated": sums["estimated"],
        "priced": sums["priced"],
        "cost": cost(sums.known_cost),
        "saved_cost": cost(sums["saved_cost_nanos"]) if sums["cache_hits"] else None,
        "latency_ms": _times(sums["latency_us"], sums.latencies),
        "ttft_ms": _times(sums["ttft_us"], sums.ttfts),
    }


def _groups(asked: StatisticsFilters, answer: Answer, by_group: dict[Group, int]) -> list[Shown]:
    """The busiest first. Each has its own series where an interval is asked for too."""
    series: dict[Group, dict[int, int]] = defaultdict(dict)
    for (group, start), figures in answer.sums.items():
        series[group][start] = figures
    busiest = sorted(by_group, key=lambda group: (-Sums(by_group[group])["requests"], str(group)))
    return [
        _named(asked.groups, group)
        | figures_of(by_group[group])
        | ({"series": _series(series[group])} if asked.step_seconds else {})
        for group in busiest[:MOST_GROUPS]
    ]


def _named(names: Sequence[str], group: Group) -> Shown:
    """{"project": {"id", "name"}, "model": "m"}; what a call did not have is null."""
    values, named = list(group), {}
    for name in names:
        columns = GROUPS[name]
        taken, values = [value or None for value in values[: len(columns)]], values[len(columns) :]
        named[name] = taken[0] if len(taken) == 1 else {"id": taken[0], "name": taken[1]}
    return {"group": named}


def _series(by_start: dict[int, int]) -> list[Shown]:
    return [
        {"start": datetime.fromtimestamp(start, UTC)} | figures_of(by_start[start])
        for start in sorted(by_start)
    ]


def _times(sum_us: int, counts: Sequence[int]) -> Shown:
    number = sum(counts)
    average = round(sum_us / number / 1000, 3) if number else None
    return {"average": average} | {
        name: None if (found := histogram.percentile(counts, share)) is None else round(found, 3)
        for name, share in PERCENTILES.items()
    }
