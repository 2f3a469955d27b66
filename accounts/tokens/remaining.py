"""How much of a key is left, of its time and of its uses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Left:
    """`share` is what is left of the whole, from 0 to 1."""

    amount: float
    share: float


def of_time(created_at: datetime, expires_at: datetime | None, now: datetime) -> Left | None:
    """In seconds, below 0 when it is over; None: it never withers."""
    if expires_at is None:
        return None
    left, whole = expires_at - now, max(expires_at - created_at, timedelta(seconds=1))
    return Left(left.total_seconds(), _share(left / whole))


def of_uses(most: int | None, used: int | None) -> Left | None:
    """In requests; None: any number of them, or nobody knows."""
    if not most or used is None:
        return None
    left = max(most - used, 0)
    return Left(left, _share(left / most))


def _share(part: float) -> float:
    return min(max(part, 0.0), 1.0)
