"""Durations in buckets that are the same everywhere, so that histograms can be added.

Three buckets double the duration: a percentile is at most a quarter beside the truth.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in milliseconds, from 1 ms to 17 minutes; the last bucket has none.
BOUNDS_MS = tuple(2 ** (step / 3) for step in range(61))
BUCKETS = len(BOUNDS_MS) + 1


def bucket(milliseconds: float) -> int:
    return bisect_left(BOUNDS_MS, milliseconds)


def limits(bucket: int) -> tuple[float, float]:
    """Durations of a bucket lie above the first and up to the second."""
    lower = BOUNDS_MS[bucket - 1] if bucket else 0.0
    return lower, BOUNDS_MS[bucket] if bucket < len(BOUNDS_MS) else lower


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The duration that `share` (0 to 1) of all did not exceed; None of nothing."""
    total = sum(counts)
    if not total:
        return None
    wanted, before = share * total, 0
    for index, count in enumerate(counts):
        if count and before + count >= wanted:
            lower, upper = limits(index)
            return lower + (upper - lower) * max(wanted - before, 0.0) / count
        before += count
    return limits(len(counts) - 1)[1]
