from __future__ import annotations

import re
from pathlib import Path

import pytest

from logs_app.assembly.bodies import UNPACKED
from proxy import headers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "headers.md"
PASSED_TO_PROVIDER = [
    "content-type", "accept", "user-agent", "openai-beta", "anthropic-version", "anthropic-beta",
    "idempotency-key", "x-stainless-retry-count", "http-referer", "x-title", "traceparent",
    "content-encoding", "x-request-id", "x-simulate",
]  # fmt: skip
PASSED_TO_CLIENT = [
    "content-type", "content-length", "content-encoding", "retry-after", "retry-after-ms", "x-should-retry",
    "x-ratelimit-remaining-requests", "anthropic-ratelimit-tokens-remaining", "x-request-id", "request-id",
    "apim-request-id", "openai-processing-ms", "openai-version", "openai-model", "x-ms-region", "location",
    "content-disposition", "cache-control", "date", "vary",
]  # fmt: skip


def raw(names: object) -> headers.RawHeaders:
    return [(name.encode(), b"v") for name in names]  # type: ignore[attr-defined]


def names(found: headers.RawHeaders) -> list[str]:
    return [name.decode() for name, _ in found]


def decoded(found: frozenset[bytes]) -> set[str]:
    return {name.decode() for name in found}


MASKED = decoded(headers.CLIENT_CREDENTIALS | headers.GATEWAY_CREDENTIALS) - {
    "openai-organization",
    "openai-project",
}


DROPPED_FROM_CLIENT = sorted(
    decoded(headers.HOP_BY_HOP | headers.CLIENT_CREDENTIALS | headers.CLIENT_ROUTE)
    | {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-anything", "cf-connecting-ip", "x-relay-session"}
)
DROPPED_FROM_PROVIDER = sorted(
    decoded(headers.HOP_BY_HOP | headers.PROVIDER_ACCOUNT | headers.PROVIDER_EDGE)
    | {"access-control-allow-origin", "x-relay-request-id", "x-relay-anything"}
)


@pytest.mark.parametrize("name", DROPPED_FROM_CLIENT)
def test_the_provider_does_not_get(name: str) -> None:
    assert headers.to_provider(raw([name]), plain=False) == []


@pytest.mark.parametrize("name", PASSED_TO_PROVIDER)
def test_the_provider_gets(name: str) -> None:
    assert headers.to_provider(raw([name]), plain=False) == raw([name])


@pytest.mark.parametrize("name", DROPPED_FROM_PROVIDER)
def test_the_client_does_not_get(name: str) -> None:
    assert headers.to_client(raw([name]), b"id") == [(b"x-relay-request-id", b"id")]


@pytest.mark.parametrize("name", PASSED_TO_CLIENT)
def test_the_client_gets(name: str) -> None:
    assert headers.to_client(raw([name]), b"id") == [*raw([name]), (b"x-relay-request-id", b"id")]


def test_what_the_connection_header_lists_is_for_one_hop() -> None:
    client = raw(["x-mine", "x-other"]) + [(b"connection", b"close, X-Mine")]
    assert names(headers.to_provider(client, plain=False)) == ["x-other"]
    provider = [(b"connection", b"keep-alive, x-mine")] + raw(["x-mine", "x-other"])
    assert names(headers.to_client(provider, b"id")) == ["x-other", "x-relay-request-id"]


def test_repeated_headers_keep_their_number_and_order() -> None:
    repeated = [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]
    assert headers.to_provider(repeated, plain=False) == repeated
    assert headers.to_client(repeated, b"id")[:-1] == repeated


ENCODINGS = [
    ([b"gzip, deflate, br, zstd"], b"gzip, deflate, zstd"),
    ([b"br;q=1.0, gzip;q=0.8"], b"gzip;q=0.8"),
    ([b"br"], b"identity"),
    ([b"*"], b"identity"),
    ([b"GZIP"], b"GZIP"),
    ([b"gzip", b"zstd"], b"gzip, zstd"),
    ([b"identity"], b"identity"),
]


@pytest.mark.parametrize(("offered", "sent"), ENCODINGS)
def test_only_encodings_the_relay_can_read_are_asked_for(offered: list[bytes], sent: bytes) -> None:
    client = [(b"accept-encoding", value) for value in offered]
    assert headers.to_provider(client, plain=False) == [(b"accept-encoding", sent)]


def test_a_stream_is_asked_for_unencoded() -> None:
    client = [(b"accept-encoding", b"gzip, br")]
    assert headers.to_provider(client, plain=True) == [(b"accept-encoding", b"identity")]


def test_no_encoding_is_asked_for_when_the_client_asked_for_none() -> None:
    assert headers.to_provider([], plain=True) == []


def test_records_mask_credentials_and_keep_the_rest() -> None:
    shown = headers.for_record([(b"authorization", b"Bearer sk-1"), (b"cookie", b"a=b"), (b"x-a", b"\xe9")])
    assert shown == [["authorization", "***"], ["cookie", "***"], ["x-a", "é"]]


def test_every_credential_a_client_may_send_is_masked_in_records() -> None:
    assert all(value == "***" for _, value in headers.for_record(raw(MASKED)))


def test_the_first_of_repeated_headers_is_found() -> None:
    assert headers.first([(b"a", b"1"), (b"a", b"2")], b"a") == b"1"
    assert headers.first([], b"a") == b""


def rows(heading: str) -> list[tuple[set[str], str]]:
    """The names in backticks of each row of a section, and what happens to them."""
    section = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    return [(set(re.findall(r"`([a-z*-]+)`", first)), second.strip()) for first, second in cells]


def test_the_page_names_what_is_dropped_on_the_way_to_the_provider() -> None:
    listed = rows("From the client to the provider")
    dropped = set().union(*(found for found, what in listed if what in ("dropped", "written anew")))
    assert dropped == (
        decoded(headers.HOP_BY_HOP | headers.CLIENT_CREDENTIALS | headers.CLIENT_ROUTE)
        | {prefix.decode() + "*" for prefix in (headers.OURS, *headers.CLIENT_ROUTE_PREFIXES)}
    )


def test_the_page_names_what_is_dropped_on_the_way_to_the_client() -> None:
    listed = rows("From the provider to the client")
    dropped = set().union(*(found for found, what in listed if what == "dropped"))
    assert dropped == (
        decoded(headers.HOP_BY_HOP | headers.PROVIDER_ACCOUNT | headers.PROVIDER_EDGE)
        | {prefix.decode() + "*" for prefix in (headers.OURS, *headers.PROVIDER_EDGE_PREFIXES)}
    )


def test_the_page_names_the_encodings_that_are_asked_for() -> None:
    listed = rows("From the client to the provider")
    (what,) = (what for found, what in listed if found == {"accept-encoding"})
    assert set(re.findall(r"`(\w+)`", what)) == headers.READABLE_ENCODINGS


def test_what_is_asked_for_the_recorder_can_undo() -> None:
    assert {"identity"} == headers.READABLE_ENCODINGS - UNPACKED


def test_on_a_hop_of_our_own_all_goes_on_but_what_is_of_one_connection() -> None:
    given = [(b"Connection", b"close, X-Own"), (b"x-own", b"1"), (b"TE", b"trailers"), (b"Cookie", b"a=b")]
    assert headers.without_hop_by_hop(given) == [(b"Cookie", b"a=b")]


def test_what_is_encoded_cannot_be_read() -> None:
    json = [(b"content-type", b"application/json; charset=utf-8")]
    assert headers.holds(json, b"application/json") and not headers.holds(json, b"text/event-stream")
    assert headers.holds([*json, (b"content-encoding", b"identity")], b"application/json")
    assert not headers.holds([*json, (b"content-encoding", b"gzip")], b"application/json")


@pytest.mark.parametrize(
    ("name", "is_sent"), [(b"accept", True), (b"cookie", False), (b"x-forwarded-for", False)]
)
def test_of_what_is_not_sent_no_provider_knows(name: bytes, is_sent: bool) -> None:
    assert headers.is_sent(name) is is_sent


def test_any_bytes_can_be_text_and_back() -> None:
    given = [(b"x-name", bytes(range(32, 256)))]
    assert headers.from_text(headers.to_text(given)) == given


def test_the_page_names_what_records_mask() -> None:
    listed = set(re.findall(r"`([a-z-]+)`", PAGE.read_text().split("## In records")[1]))
    assert listed == MASKED


@pytest.mark.parametrize("name", sorted(headers.GATEWAY_CREDENTIALS))
def test_keys_of_other_gateways_go_on_and_are_masked_in_records(name: bytes) -> None:
    given = [(name, b"sk-secret"), (b"helicone-session-id", b"s-1")]
    assert headers.to_provider(given, plain=False) == given
    assert headers.for_record(given) == [[name.decode(), "***"], ["helicone-session-id", "s-1"]]
