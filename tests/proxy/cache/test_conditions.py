from __future__ import annotations

import pytest

from proxy.cache import conditions

ETAG = [(b"etag", b'"a"'), (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([(b"if-none-match", b'"a"')], True),
        ([(b"if-none-match", b'W/"a"')], True),
        ([(b"if-none-match", b'"b", "a"')], True),
        ([(b"if-none-match", b"*")], True),
        ([(b"if-none-match", b'"b"')], False),
        ([(b"if-none-match", b'"b"'), (b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT")], False),
        ([(b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT")], True),
        ([(b"if-modified-since", b"Sun, 06 Nov 1994 08:49:36 GMT")], False),
        ([(b"if-modified-since", b"yesterday")], False),
        ([], False),
    ],
)
def test_whether_the_client_has_it(asked: list[tuple[bytes, bytes]], expected: bool) -> None:
    assert conditions.is_unchanged(asked, ETAG) is expected


def test_a_weak_tag_of_the_provider_counts_too() -> None:
    assert conditions.is_unchanged([(b"if-none-match", b'"a"')], [(b"etag", b'W/"a"')])


def test_what_the_provider_is_asked_with() -> None:
    assert conditions.validators(ETAG) == [
        (b"if-none-match", b'"a"'),
        (b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ]
    assert conditions.validators([]) == []


def test_a_confirmation_brings_new_headers_and_leaves_those_of_the_bytes() -> None:
    stored = [
        (b"content-type", b"text/plain"),
        (b"content-length", b"3"),
        (b"cache-control", b"max-age=1"),
        *ETAG,
    ]
    confirmed = [(b"cache-control", b"max-age=9"), (b"content-length", b"0"), (b"x-new", b"1")]
    fresh = dict(conditions.freshened(stored, confirmed))
    assert fresh[b"cache-control"] == b"max-age=9" and fresh[b"x-new"] == b"1"
    assert fresh[b"content-length"] == b"3" and fresh[b"content-type"] == b"text/plain"


def test_a_304_says_nothing_of_a_body() -> None:
    names = {
        name for name, _ in conditions.of_304([(b"content-type", b"a"), (b"content-length", b"3"), *ETAG])
    }
    assert names == {b"etag", b"last-modified"}
