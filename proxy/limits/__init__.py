"""The step of the pipeline that holds a call to the limits of its key and project.

limiter    the protocol, and what it answers
local      one machine: a table shared by its processes
shared     several machines: Redis
fallback   Redis, and the table while it is away
estimate   tokens of a call before it is made
answers    x-ratelimit-* headers and the words of a refusal
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from accounts.budgets.budget import TOKENS, Budget

from . import answers, estimate
from .fallback import FallbackLimiter
from .limiter import Limiter, Need, Refused
from .local import LocalLimiter
from .shared import SharedLimiter

if TYPE_CHECKING:
    from ..exchange import Exchange


def build() -> Limiter:
    local = LocalLimiter(settings.DATA_DIR)
    return FallbackLimiter(SharedLimiter(settings.REDIS_URL), local) if settings.REDIS_URL else local


async def take(exchange: Exchange, budgets: tuple[Budget, ...], limiter: Limiter) -> None:
    """Raises the 429; otherwise the exchange gives back at its end what does not stay taken."""
    call = exchange.call
    need = (1, estimate.tokens(call), int(call.is_streaming))
    result = await _impossible(budgets, need, limiter) or await limiter.take(budgets, need)
    exchange.limit_headers = answers.headers(result.remaining)
    if isinstance(result, Refused):
        raise answers.refusal(result)
    exchange.taken = result


async def _impossible(budgets: tuple[Budget, ...], need: Need, limiter: Limiter) -> Refused | None:
    """A limit of 0, and a call that alone is beyond its limit: no waiting helps."""
    for budget in budgets:
        amount = need[budget.unit]
        if amount > budget.limit or (budget.unit == TOKENS and not budget.limit):
            return Refused(budget, amount, None, await limiter.look(budgets))
    return None
