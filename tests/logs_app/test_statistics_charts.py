from __future__ import annotations

from typing import Any

from logs_app.statistics import charts, divisions
from tests.logs_app.test_statistics_divisions import START, WORDS, overview

CALLS: tuple[dict[str, Any], ...] = (
    {"model": "m-1", "latency_ms": 100.0, "ttft_ms": 10.0, "total_tokens": 5, "cost_nanos": 1_500_000_000},
    {"model": "m-1", "latency_ms": 1000.0, "total_tokens": 7, "step": 2, "count": 2},
    {"model": "m-2", "latency_ms": 50.0, "outcome": "failed", "step": 2},
)


def drawn(by: str, percentile: str = "p95", **given: Any) -> dict[str, Any]:
    found = overview(*CALLS, **given)
    return charts.draw(found, divisions.divide(found, by, WORDS), percentile)


def values(lines: list[dict[str, Any]], count: int = 3) -> dict[str, list[float | None]]:
    return {line["name"]: line["values"][:count] for line in lines}


def test_every_interval_has_a_place_the_empty_ones_too():
    shown = drawn("model")
    assert (shown["starts"][:2], len(shown["starts"]), shown["step"]) == ([START, START + 900], 96, 900)
    assert all(len(line["values"]) == 96 for line in shown["requests"])
    assert len(drawn("model", name="7d")["starts"]) == 168


def test_counts_are_none_where_nothing_was_and_times_are_unknown():
    shown = drawn("model")
    assert values(shown["requests"]) == {"m-1": [1, 0, 2], "m-2": [0, 0, 1]}
    assert values(shown["errors"]) == {"m-1": [0, 0, 0], "m-2": [0, 0, 1]}
    assert values(shown["total_tokens"]) == {"m-1": [5, 0, 14], "m-2": [0, 0, 0]}
    assert values(shown["cost"])["m-1"] == [1.5, 0, 0]
    assert values(shown["ttft"])["m-2"] == [None, None, None]
    first, missing, _ = values(shown["latency"])["m-1"]
    assert 80 <= first <= 125 and missing is None


def test_the_whole_has_a_line_for_each_percentile():
    shown = drawn("")
    assert [line["name"] for line in shown["latency"]] == ["p50", "p95", "p99"]
    assert [line["name"] for line in shown["requests"]] == ["All"]


def test_parts_are_drawn_at_the_percentile_that_was_chosen():
    calls = [{"model": "m", "latency_ms": float(10 * 2**power)} for power in range(10)]
    found = overview(*calls, {"model": "n"})
    parts = divisions.divide(found, "model", WORDS)
    half, most = (charts.draw(found, parts, name)["latency"][0]["values"][0] for name in ("p50", "p99"))
    assert half < most / 8


def test_a_single_part_has_a_line_for_each_percentile_too():
    found = overview({"model": "m", "latency_ms": 5.0})
    shown = charts.draw(found, divisions.divide(found, "model", WORDS), "p95")
    assert [line["name"] for line in shown["latency"]] == ["p50", "p95", "p99"]
