"""The spans of time that sums are kept for, and which of them make up a time that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

QUARTER, HOUR, DAY = 15, 60, 24 * 60  # minutes; each is made of whole ones of the one before
DAY_SECONDS = DAY * 60
EVER = 0  # a single span, from the first record on; metrics count with it


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive spans of one length; moments are seconds since 1970."""

    minutes: int
    start: int
    end: int


def start_of(seconds: int, minutes: int) -> int:
    """Of the span that holds this moment."""
    return 0 if minutes == EVER else _down(seconds, minutes)


def covering(since: int, until: int, lengths: Sequence[int]) -> list[Stretch]:
    """Whole quarters around [since, until); where whole longer spans lie within, these.

    `lengths`: what there are sums of, in minutes, the longest first and quarters last.
    """
    start, end = _down(since, QUARTER), -_down(-until, QUARTER)
    return _within(start, end, lengths) or [Stretch(QUARTER, start, end)]


def _within(start: int, end: int, lengths: Sequence[int]) -> list[Stretch]:
    longest, *shorter = lengths
    first, last = -_down(-start, longest), _down(end, longest)
    if first >= last:
        return _within(start, end, shorter) if shorter else []
    before, after = (_within(*side, shorter) if shorter else [] for side in ((start, first), (last, end)))
    return [*before, Stretch(longest, first, last), *after]


def _down(seconds: int, minutes: int) -> int:
    return seconds - seconds % (minutes * 60)
