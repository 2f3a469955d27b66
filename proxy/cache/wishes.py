"""What the client wants of the cache, by its headers. Pure.

`Cache-Control: public, max-age=60` (or s-maxage) and `X-Relay-Cache: 60` ask to keep the answer; the older
system knew the first. `X-Relay-Cache: on` leaves the lifetime to the policy, `off` keeps the cache out.
"""

from __future__ import annotations

from typing import NamedTuple

from accounts.cachepolicies import LONGEST_SECONDS

from ..headers import RawHeaders, first
from . import directives
from .directives import Directives

HEADER = b"x-relay-cache"
_ON, _OFF = (b"on", b"true", b"yes"), (b"off", b"false", b"no")
_DIGITS = 10
_NAMES = frozenset((b"cache-control", HEADER, b"pragma"))


class Wish(NamedTuple):
    directives: Directives = directives.NONE
    is_granted: bool = False
    ttl: int | None = None  # None: whatever the policy says
    refusal: str = ""  # why the cache is to keep out


def names_cache(headers: RawHeaders) -> bool:
    """The one question that every call is asked."""
    return any(name in _NAMES for name, _ in headers)


def read(headers: RawHeaders) -> Wish:
    said = directives.of_request(headers)
    asked = first(headers, HEADER).strip().lower()
    if said.no_store:
        return Wish(said, refusal="the request says no-store")
    if asked:
        return _of_header(asked, said)
    lifetime = said.s_maxage if said.s_maxage is not None else said.max_age
    if said.public and lifetime:
        return Wish(said, True, min(lifetime, LONGEST_SECONDS))
    return Wish(said)


def _of_header(asked: bytes, said: Directives) -> Wish:
    if asked.isdigit() and len(asked) <= _DIGITS and (seconds := int(asked)):
        return Wish(said, True, min(seconds, LONGEST_SECONDS))
    if asked in _ON:
        return Wish(said, True)
    if asked in _OFF or asked.isdigit():
        return Wish(said, refusal="the request says x-relay-cache: off")
    return Wish(said, refusal="x-relay-cache is neither seconds nor on nor off")
