"""The spans of time that sums are kept for, and which of them make up a time that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

QUARTER, DAY = 15, 24 * 60  # minutes
EVER = 0  # a single span, from the first record on; metrics count with it


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive spans of one length; moments are seconds since 1970."""

    minutes: int
    start: int
    end: int


def start_of(milliseconds: int, minutes: int) -> int:
    """In seconds, of the span that holds this moment."""
    if minutes == EVER:
        return 0
    seconds = milliseconds // 1000
    return seconds - seconds % (minutes * 60)


def covering(since: int, until: int, *, may_use_days: bool) -> list[Stretch]:
    """Whole quarters around [since, until); days where a whole one lies within and nobody looks into it."""
    start, end = _down(since, QUARTER), -_down(-until, QUARTER)
    first_day, last_day = -_down(-start, DAY), _down(end, DAY)
    if not may_use_days or first_day >= last_day:
        return [Stretch(QUARTER, start, end)]
    found = [
        Stretch(QUARTER, start, first_day),
        Stretch(DAY, first_day, last_day),
        Stretch(QUARTER, last_day, end),
    ]
    return [stretch for stretch in found if stretch.start < stretch.end]


def _down(seconds: int, minutes: int) -> int:
    return seconds - seconds % (minutes * 60)
