"""What is left of the limits of a key or project now, for people: it takes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from accounts.budgets import budget
from accounts.budgets.budget import Budget

from . import build
from .limiter import Remaining

# What the name of a budget ends with, and the limit it counts.
FIELDS = {
    "second": "rate_limit",
    "minute": "rate_limit_per_minute",
    "tokens": "tokens_per_minute",
    "streams": "max_concurrent_streams",
}


def remaining(kind: str, id: Any, limits: Any) -> dict[str, int]:
    """By limit. Of streams it is known by trying, so they are left out. For a thread without a loop.

    Failure policy: what cannot be asked is not there.
    """
    budgets = budget.of(f"{kind}:{id}", "", limits)
    if not budgets:
        return {}
    try:
        remaining = asyncio.run(_look(budgets))
    except OSError:
        return {}
    return {_field(each.budget): each.amount for each in remaining}


async def _look(budgets: tuple[Budget, ...]) -> list[Remaining]:
    limiter = build()
    try:
        return await limiter.look(budgets)
    finally:
        await limiter.aclose()


def _field(of: Budget) -> str:
    return FIELDS[of.name.rpartition(":")[2]]
