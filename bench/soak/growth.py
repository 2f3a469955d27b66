"""Whether a process grows: a line through its samples that single outliers do not bend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from bench.soak.sampling import Life, Sample

# A young process fills its pools and caches: that part of its life is not looked at.
YOUTH_SECONDS, YOUTH_SHARE = 60.0, 0.2
LEAST_SAMPLES, LEAST_SECONDS = 8, 60.0
MOST_POINTS = 300

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bound:
    """Over what was looked at: the larger of so much and such a share."""

    name: str
    unit: str
    of: Callable[[Sample], float]
    absolute: float
    share: float = 0.0

    def limit(self, typical: float) -> float:
        return max(self.absolute, self.share * typical)


BOUNDS = (
    Bound("RSS", "MB", lambda sample: sample.rss_mb, 8.0, 0.1),
    Bound("descriptors", "", lambda sample: sample.fds, 8.0, 0.1),
    Bound("threads", "", lambda sample: sample.threads, 3.0),
)


@dataclass(frozen=True, slots=True)
class Growth:
    bound: Bound
    seconds: float
    first: float
    """The median of the first tenth that was looked at."""
    typical: float
    most: float
    per_minute: float
    over_all: float
    """The slope over the whole time that was looked at."""

    @property
    def is_flat(self) -> bool:
        return self.over_all <= self.bound.limit(self.typical)


def slope(points: Sequence[Point]) -> float:
    """Theil and Sen: the median of the slopes between any two."""
    step = -(-len(points) // MOST_POINTS)
    thinned = points[::step]
    return median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(thinned, 2) if x2 != x1)


def grown_up(samples: Sequence[Sample]) -> list[Sample]:
    """Without the youth; empty when too little is left to say anything."""
    if not samples:
        return []
    began, lasted = samples[0].at, samples[-1].at - samples[0].at
    youth = max(YOUTH_SECONDS, YOUTH_SHARE * lasted)
    left = [sample for sample in samples if sample.at - began >= youth]
    is_enough = len(left) >= LEAST_SAMPLES and left[-1].at - left[0].at >= LEAST_SECONDS
    return left if is_enough else []


def of(life: Life) -> list[Growth]:
    """Empty for a life that was too short."""
    samples = grown_up(life.samples)
    return [_of(samples, bound) for bound in BOUNDS] if samples else []


def _of(samples: list[Sample], bound: Bound) -> Growth:
    values = [bound.of(sample) for sample in samples]
    lasted = samples[-1].at - samples[0].at
    steepness = slope([(sample.at, bound.of(sample)) for sample in samples])
    return Growth(
        bound,
        lasted,
        first=median(values[: max(1, len(values) // 10)]),
        typical=median(values),
        most=max(values),
        per_minute=60 * steepness,
        over_all=steepness * lasted,
    )
