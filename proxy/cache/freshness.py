"""How long an answer may be used, and whether it may be now (RFC 9111, sections 3 and 4; RFC 5861). Pure.

The relay is a shared cache, and every call brings a key: an answer to GET is stored only when it says
`public` or `s-maxage`. A grant (the client's or its project's explicit wish) stands for that word and for the
lifetime that a provider does not name; `no-store` and `private` of a provider stand against any grant.
"""

from __future__ import annotations

import enum
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from ..headers import RawHeaders, first
from . import directives
from .directives import Directives


class Grant(NamedTuple):
    """Somebody wants these answers kept, whatever the provider says of their lifetime. Seconds."""

    ttl: int
    stale_while_revalidate: int = 0
    stale_if_error: int = 0


class Terms(NamedTuple):
    """On which a stored answer may be used. Moments in seconds of the epoch."""

    received_at: float
    initial_age: float
    lifetime: float
    stale_while_revalidate: float = 0
    stale_if_error: float = 0
    must_validate: bool = False  # no-cache: never without asking
    forbids_stale: bool = False

    def age(self, now: float) -> float:
        return max(0.0, self.initial_age + now - self.received_at)

    def remaining(self, now: float) -> float:
        return self.lifetime - self.age(now)

    def kept_until(self, validates: bool) -> float:
        """When it is of no use to anybody: not fresh, not stale on any terms, nothing to ask the provider."""
        beyond = max(self.stale_while_revalidate, self.stale_if_error, _VALIDATED_SECONDS if validates else 0)
        return self.received_at - self.initial_age + self.lifetime + beyond


class Use(enum.Enum):
    FRESH = "as it is"
    STALE = "as it is, for this client takes it stale"
    BEHIND = "as it is, while it is asked for anew"
    NEVER = "not without asking the provider"


# How long one is kept that a provider can confirm.
_VALIDATED_SECONDS = 3600


def terms(
    status: int,
    headers: RawHeaders,
    grant: Grant | None,
    default_ttl: int,
    *,
    asked_at: float,
    received_at: float,
) -> Terms | str:
    """Why not, where it may not be stored."""
    said = directives.of_answer(headers)
    if status != 200:
        return f"status {status}"
    if said.no_store or said.private:
        return "the answer says no-store" if said.no_store else "the answer says private"
    if b"*" in first(headers, b"vary"):
        return "the answer says Vary: *"
    date = _moment(first(headers, b"date"))
    age = _age(headers, date, asked_at, received_at)
    named = _lifetime(headers, said, date if date is not None else received_at)
    forbids_stale = said.must_revalidate or said.proxy_revalidate
    if grant is not None:
        lifetime = named if named else grant.ttl
        return Terms(received_at, age, lifetime, *grant[1:], forbids_stale=forbids_stale)
    if not (said.public or said.s_maxage is not None):
        return "the answer says neither public nor s-maxage"
    lifetime = named if named is not None else default_ttl
    return Terms(
        received_at,
        age,
        lifetime,
        said.stale_while_revalidate or 0,
        said.stale_if_error or 0,
        must_validate=said.no_cache,
        forbids_stale=forbids_stale or said.s_maxage is not None,
    )


def judge(stored: Terms, wish: Directives, now: float) -> Use:
    """Whether this client may have it now."""
    if wish.no_cache or stored.must_validate:
        return Use.NEVER
    age, remaining = stored.age(now), stored.remaining(now)
    if wish.max_age is not None and age > wish.max_age:
        return Use.NEVER
    if wish.min_fresh is not None:
        return Use.FRESH if remaining >= wish.min_fresh and remaining > 0 else Use.NEVER
    if remaining > 0:
        return Use.FRESH
    if stored.forbids_stale:
        return Use.NEVER
    if wish.max_stale is not None and -remaining <= wish.max_stale:
        return Use.STALE
    return Use.BEHIND if -remaining < stored.stale_while_revalidate else Use.NEVER


def outlasts_error(stored: Terms, wish: Directives, now: float) -> bool:
    """Whether a stale one is better than the provider's error (RFC 5861, section 4)."""
    if stored.forbids_stale or stored.must_validate:
        return False
    return -stored.remaining(now) < max(stored.stale_if_error, wish.stale_if_error or 0)


def _lifetime(headers: RawHeaders, said: Directives, date: float) -> float | None:
    """RFC 9111, section 4.2.1; None where nothing is named."""
    if said.s_maxage is not None:
        return said.s_maxage
    if said.max_age is not None:
        return said.max_age
    expires = first(headers, b"expires")
    if not expires:
        return None
    moment = _moment(expires)
    return max(0.0, moment - date) if moment is not None else 0.0


def _age(headers: RawHeaders, date: float | None, asked_at: float, received_at: float) -> float:
    """RFC 9111, section 4.2.3."""
    value = first(headers, b"age")
    apparent = max(0.0, received_at - date) if date is not None else 0.0
    told = (int(value) if value.isdigit() and len(value) < 11 else 0) + max(0.0, received_at - asked_at)
    return max(apparent, told)


def _moment(value: bytes) -> float | None:
    try:
        return parsedate_to_datetime(value.decode("ascii")).timestamp() if value else None
    except (ValueError, UnicodeDecodeError, OverflowError):
        return None
