"""What the answers of one variant come to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from logs_app.presentation import presentation

Row = dict[str, Any]
TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens")
COLUMNS = (
    "record", "variant", "id", "model", "provider", "status_code", "outcome", *TOKENS, "cost", "latency_ms",
    "ttft_ms", "error", "answer",
)  # fmt: skip


def of(rows: Iterable[Row], variants: Iterable[str], checks: Iterable[str]) -> dict[str, Row]:
    """Sums, percentiles and passed checks, by the name of the variant. What nothing is known of is null."""
    rows, checks = list(rows), list(checks)
    return {name: _summary([row for row in rows if row["variant"] == name], checks) for name in variants}


def _summary(rows: list[Row], checks: list[str]) -> Row:
    latencies = sorted(row["latency_ms"] for row in rows if row["latency_ms"] is not None)
    return {
        "calls": len(rows),
        "failed": sum(row["outcome"] != "completed" for row in rows),
        **{name: _sum(row[name] for row in rows) for name in TOKENS},
        "cost": presentation.cost(_sum(row["cost_nanos"] for row in rows)),
        "latency_p50_ms": _percentile(latencies, 0.50),
        "latency_p95_ms": _percentile(latencies, 0.95),
        "passed": {name: sum(row["checks"].get(name, False) for row in rows) for name in checks},
    }


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _percentile(ordered: list[float], share: float) -> float | None:
    """The nearest rank: a value that was measured."""
    return round(ordered[math.ceil(len(ordered) * share) - 1], 1) if ordered else None
