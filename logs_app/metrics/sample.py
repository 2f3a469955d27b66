"""One number with its name and labels, whoever knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """`name` is that of the metric. Of a histogram `value` counts all, `total` is their sum, and `buckets`
    are (upper bound, how many up to it), the last one's bound `inf`.
    """

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    buckets: Sequence[tuple[float, int]] = ()
    total: float = 0.0


def add_up(samples: Iterable[Sample]) -> list[Sample]:
    """One of each name and set of labels."""
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Sample] = {}
    for sample in samples:
        key = sample.name, tuple(sorted(sample.labels.items()))
        known = sums.get(key)
        sums[key] = sample if known is None else _both(known, sample)
    return list(sums.values())


def _both(one: Sample, other: Sample) -> Sample:
    pairs = zip(one.buckets, other.buckets, strict=True)
    buckets = tuple((bound, count + more) for (bound, count), (_, more) in pairs)
    return Sample(one.name, one.value + other.value, one.labels, buckets, one.total + other.total)
