"""What remains to a limited key, in the headers that OpenAI's clients know, and the words of a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.budgets.budget import REQUESTS, STREAMS, TOKENS

from .. import refusals
from ..errors import RelayError
from ..headers import RawHeaders
from .limiter import Refused, Remaining

_UNITS = ((REQUESTS, b"requests"), (TOKENS, b"tokens"))


def headers(remaining: Sequence[Remaining]) -> RawHeaders:
    """x-ratelimit-* for requests and for tokens, each of the budget that is nearest to its end."""
    found: RawHeaders = []
    for unit, name in _UNITS:
        tightest = _tightest(each for each in remaining if each.budget.unit == unit)
        if tightest is not None:
            budget, amount, reset_us = tightest
            found.append((b"x-ratelimit-limit-" + name, b"%d" % budget.limit))
            found.append((b"x-ratelimit-remaining-" + name, b"%d" % amount))
            found.append((b"x-ratelimit-reset-" + name, _duration(reset_us).encode()))
    return found


def refusal(refused: Refused) -> RelayError:
    return refusals.rate_limited(_sentence(refused), refused.wait_us)


def _tightest(remaining: Iterable[Remaining]) -> Remaining | None:
    return min(remaining, key=lambda each: (each.amount, -each.reset_us), default=None)


def _sentence(refused: Refused) -> str:
    budget, wait_us = refused.budget, refused.wait_us
    of = f"of {budget.owner} is {budget.sentence}"
    if wait_us is None and budget.limit == 0:
        return f"Blocked: the limit {of}."
    if wait_us is None:
        return (
            f"This request alone may use about {refused.amount} tokens, but the limit {of}. "
            "Ask for a shorter answer (max_tokens) or send less."
        )
    if budget.unit == STREAMS:
        return f"Rate limit reached: the limit {of}. Try again when one has ended."
    return f"Rate limit reached: the limit {of}. Try again in {_duration(wait_us)}."


def _duration(us: int) -> str:
    """As OpenAI writes them: 20ms, 1s, 7.66s, 6m0s. Rounded up."""
    milliseconds = -(-us // 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    seconds = f"{rest / 1000:g}s"
    return f"{minutes}m{seconds}" if minutes else seconds
