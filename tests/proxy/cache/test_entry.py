from __future__ import annotations

from proxy.cache import entry as entries
from proxy.cache.entry import Label, kept_headers
from tests.proxy.cache.caches import entry


def test_packed_it_is_the_same() -> None:
    stored = entry(
        b"\x00\xff body",
        label=Label("POST", "/v1/é", "", ("m",), "p", ("a", "b"), "main"),
        headers=[(b"x", b"\xe9"), (b"x", b"2")],
        is_stream=True,
        pieces=((0, 3), (20, 4)),
        vary=((b"accept-language", b"de"),),
    )
    again = entries.unpack(entries.pack(stored))
    assert again is not None
    assert entries.pack(again) == entries.pack(stored) and again.selector == stored.selector
    assert list(again.parts()) == [(0, b"\x00\xff "), (20, b"body")]


def test_what_cannot_be_read_is_nothing() -> None:
    packed = entries.pack(entry())
    for broken in (
        b"",
        b"\x00",
        packed[:10],
        packed.replace(b'"format":1', b'"format":9'),
        b"\x00\x00\x00\x02[]",
    ):
        assert entries.unpack(broken) is None


def test_what_was_true_of_one_call_is_not_kept() -> None:
    given = [
        (b"content-type", b"application/json"),
        (b"etag", b'"a"'),
        (b"set-cookie", b"a=b"),
        (b"x-request-id", b"req_1"),
        (b"x-ratelimit-remaining-tokens", b"1"),
        (b"openai-organization", b"org"),
        (b"content-length", b"5"),
        (b"date", b"now"),
        (b"connection", b"x-hop"),
        (b"x-hop", b"1"),
        (b"x-custom", b"1"),
    ]
    assert kept_headers(given) == [
        (b"content-type", b"application/json"),
        (b"etag", b'"a"'),
        (b"x-custom", b"1"),
    ]


def test_a_label_of_before_providers_were_in_it_is_read() -> None:
    assert Label.of(["GET", "/v1/x", "", ["m"], "p", ["a"]]) == Label(
        "GET", "/v1/x", "", ("m",), "p", ("a",), ""
    )
