from __future__ import annotations

import pytest

from proxy.cache import wishes
from proxy.cache.wishes import Wish


@pytest.mark.parametrize(
    ("name", "value", "is_granted", "ttl"),
    [
        (b"cache-control", b"public, max-age=60", True, 60),
        (b"cache-control", b"public, s-maxage=9, max-age=60", True, 9),
        (b"cache-control", b"public", False, None),
        (b"cache-control", b"max-age=60", False, None),
        (b"cache-control", b"public, max-age=0", False, None),
        (b"x-relay-cache", b"3600", True, 3600),
        (b"x-relay-cache", b"ON", True, None),
        (b"x-relay-cache", b"9999999999", True, 365 * 24 * 3600),
        (b"x-other", b"public, max-age=60", False, None),
    ],
)
def test_what_asks_to_keep_an_answer(name: bytes, value: bytes, is_granted: bool, ttl: int | None) -> None:
    found = wishes.read([(name, value)])
    assert (found.is_granted, found.ttl, found.refusal) == (is_granted, ttl, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"cache-control", b"no-store"),
        (b"cache-control", b"no-store, public, max-age=60"),
        (b"x-relay-cache", b"off"),
        (b"x-relay-cache", b"0"),
        (b"x-relay-cache", b"1h"),
        (b"x-relay-cache", b"-1"),
    ],
)
def test_what_keeps_the_cache_out(name: bytes, value: bytes) -> None:
    found = wishes.read([(name, value)])
    assert found.refusal and not found.is_granted
    assert wishes.names_cache([(name, value)])


def test_no_word_of_it() -> None:
    assert wishes.read([(b"accept", b"*/*")]) == Wish()
    assert not wishes.names_cache([(b"accept", b"*/*")])
