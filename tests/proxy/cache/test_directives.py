from __future__ import annotations

import pytest

from proxy.cache import directives
from proxy.cache.directives import Directives


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", Directives()),
        (b"no-store", Directives(no_store=True)),
        (b"PUBLIC, Max-Age=60", Directives(public=True, max_age=60)),
        (b"max-age = 60", Directives(max_age=60)),
        (b'max-age="60"', Directives(max_age=60)),
        (b"max-age=60, max-age=10", Directives(max_age=10)),
        (b"max-age=soon", Directives(max_age=0)),
        (b"max-age", Directives(max_age=0)),
        (b"max-age=-1", Directives(max_age=0)),
        (b"max-age=99999999999999999999", Directives(max_age=2**31)),
        (b'private="x, max-age=5", s-maxage=9', Directives(private=True, s_maxage=9)),
        (b'no-cache="set-cookie"', Directives(no_cache=True)),
        (b"max-stale", Directives(max_stale=float("inf"))),
        (b"max-stale=5,,only-if-cached", Directives(max_stale=5, only_if_cached=True)),
        (b"no-transform, unknown=1", Directives()),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_what_it_says(value: bytes, expected: Directives) -> None:
    assert directives.parse(value) == expected


def test_several_headers_are_one() -> None:
    given = [(b"cache-control", b"public"), (b"x", b"y"), (b"cache-control", b"max-age=5")]
    assert directives.of_answer(given) == Directives(public=True, max_age=5)


def test_pragma_counts_alone_and_in_requests_only() -> None:
    assert directives.of_request([(b"pragma", b"No-Cache")]).no_cache
    assert not directives.of_request([(b"pragma", b"no-cache"), (b"cache-control", b"max-age=1")]).no_cache
    assert not directives.of_answer([(b"pragma", b"no-cache")]).no_cache
