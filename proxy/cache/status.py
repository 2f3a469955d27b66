"""What an answer says of the cache: Cache-Status (RFC 9211) and the older X-PROXY-CACHE. Pure."""

from __future__ import annotations

import enum
from typing import NamedTuple

from ..headers import RawHeaders

CACHE = b"llm-relay"


class Forward(enum.StrEnum):
    """Why a call went on to the provider, in the words of RFC 9211."""

    MISS = "uri-miss"
    VARY = "vary-miss"
    STALE = "stale"
    REQUEST = "request"
    BYPASS = "bypass"


class Way(NamedTuple):
    """Of a call for which the provider was asked, although the client got what is stored. `status` is the
    provider's, `is_collapsed` that it was asked for somebody else."""

    why: Forward
    status: int | None = None
    is_collapsed: bool = False
    detail: str = ""


def hit(age: float, remaining: float, *, is_304: bool = False, way: Way | None = None) -> RawHeaders:
    word = b"conditional-hit" if is_304 else b"hit"
    told = b"hit" if way is None else _told(way)
    value = b"%b; %b; ttl=%d%b" % (CACHE, told, remaining, _detail(way.detail if way is not None else ""))
    return [(b"cache-status", value), (b"x-proxy-cache", word), (b"age", b"%d" % age)]


def shared(why: Forward) -> RawHeaders:
    """Of a call that is told the answer to another while it comes."""
    value = b"%b; %b" % (CACHE, _told(Way(why, is_collapsed=True)))
    return [(b"cache-status", value), (b"x-proxy-cache", b"hit"), (b"age", b"0")]


def forwarded(why: Forward, *, is_stored: bool = False, ttl: float = 0, detail: str = "") -> RawHeaders:
    stored = b"; stored; ttl=%d" % ttl if is_stored else b""
    value = b"%b; fwd=%b%b%b" % (CACHE, why.encode(), stored, _detail(detail))
    word = b"stored" if is_stored else b"bypass" if why is Forward.BYPASS else b"miss"
    return [(b"cache-status", value), (b"x-proxy-cache", word)]


def _told(way: Way) -> bytes:
    status = b"; fwd-status=%d" % way.status if way.status is not None else b""
    return b"fwd=%b%b%b" % (way.why.encode(), status, b"; collapsed" if way.is_collapsed else b"")


def _detail(words: str) -> bytes:
    """An sf-string: no quotes or backslashes inside, nothing beyond ASCII."""
    if not words:
        return b""
    clean = words.replace("\\", "").replace('"', "'").encode("ascii", "replace")
    return b'; detail="%b"' % clean
