"""The parts of a division as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from logs_app.rollups import histogram
from logs_app.statistics.divisions import Part
from relay.dashboard import numbers

# From this share of errors on, somebody should look.
FAILING = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """`query` finds its records."""

    name: str
    query: str
    requests: str
    share: int  # of the busiest, in percent
    errors: str
    has_errors: bool
    is_failing: bool
    tokens: str
    cost: str
    latency: str
    ttft: str


def rows(parts: list[Part], by: str) -> list[Row]:
    most = max((part.sums["requests"] for part in parts), default=0)
    return [_row(part, by, most) for part in parts if part.sums["requests"]]


def _row(part: Part, by: str, most: int) -> Row:
    sums = part.sums
    return Row(
        name=part.name,
        query=urlencode({by: part.value}) if part.value else "",
        requests=numbers.count(sums["requests"]),
        share=round(sums["requests"] / most * 100),
        errors=numbers.share(sums["errors"], sums["requests"]),
        has_errors=bool(sums["errors"]),
        is_failing=sums["errors"] >= FAILING * sums["requests"],
        tokens=numbers.count(sums["total_tokens"]),
        cost=numbers.dollars(sums.known_cost),
        latency=numbers.milliseconds(histogram.percentile(sums.latencies, 0.95)),
        ttft=numbers.milliseconds(histogram.percentile(sums.ttfts, 0.95)),
    )
