from __future__ import annotations

from proxy.cache import status
from proxy.cache.status import Forward, Way


def test_a_hit_tells_its_age_and_what_is_left() -> None:
    assert status.hit(5.9, 54.1) == [
        (b"cache-status", b"llm-relay; hit; ttl=54"),
        (b"x-proxy-cache", b"hit"),
        (b"age", b"5"),
    ]
    assert dict(status.hit(1, -2, is_304=True))[b"x-proxy-cache"] == b"conditional-hit"
    assert dict(status.hit(1, -2))[b"cache-status"] == b"llm-relay; hit; ttl=-2"


def test_a_forwarded_call_tells_why() -> None:
    assert dict(status.forwarded(Forward.MISS, is_stored=True, ttl=60)) == {
        b"cache-status": b"llm-relay; fwd=uri-miss; stored; ttl=60",
        b"x-proxy-cache": b"stored",
    }
    assert dict(status.forwarded(Forward.STALE))[b"x-proxy-cache"] == b"miss"
    bypassed = dict(status.forwarded(Forward.BYPASS, detail='he said "no" \\ ü'))
    assert bypassed[b"cache-status"] == b"llm-relay; fwd=bypass; detail=\"he said 'no'  ?\""
    assert bypassed[b"x-proxy-cache"] == b"bypass"


def test_a_shared_call_says_so() -> None:
    assert dict(status.shared(Forward.MISS))[b"cache-status"] == b"llm-relay; fwd=uri-miss; collapsed"


def test_what_is_stored_is_no_hit_where_the_provider_was_asked() -> None:
    """RFC 9211: `hit` says that a call was not forwarded."""
    confirmed = dict(status.hit(0, 60, way=Way(Forward.REQUEST, 304, detail="confirmed")))
    assert confirmed == {
        b"cache-status": b'llm-relay; fwd=request; fwd-status=304; ttl=60; detail="confirmed"',
        b"x-proxy-cache": b"hit",
        b"age": b"0",
    }
    waited = dict(status.hit(0, 60, way=Way(Forward.VARY, is_collapsed=True)))
    assert waited[b"cache-status"] == b"llm-relay; fwd=vary-miss; collapsed; ttl=60"
