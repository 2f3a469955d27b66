from __future__ import annotations

import time

import pytest

from accounts.errors import Missing, Unknown
from logs_app import payloads
from logs_app.models import LogPayload, LogRecord
from proxy.configuration.configuration import Snapshot
from proxy.replay import originals
from tests.proxy.lanes import SETTINGS, key, provider

HEADERS = [
    ["content-type", "application/json"],
    ["authorization", "***"],
    ["content-length", "17"],
    ["content-encoding", "gzip"],
    ["idempotency-key", "once"],
    ["accept-encoding", "br"],
    ["x-forwarded-for", "192.0.2.1"],
    ["openai-beta", "a"],
    ["openai-beta", "b"],
]


def record(body: bytes = b"{}", headers: list[list[str]] = HEADERS, **columns) -> LogRecord:
    given = {"method": "POST", "path": "/v1/x", "query": "a=1", "key_kind": "credential", "key_id": "7"}
    made = LogRecord(**given | {"request_bytes": len(body)} | columns)
    made.payload = LogPayload(
        record_id=made.pk, request_body=payloads.pack(body), request_headers=payloads.pack_json(headers)
    )
    return made


def snapshot(*keys) -> Snapshot:
    return Snapshot(1, {bytes([n]): each for n, each in enumerate(keys)}, (provider("http://x"),), SETTINGS)


def test_the_request_is_read_without_what_belongs_to_one_call_or_connection():
    found = originals.read(record(b'{"a":1}'))
    assert (found.method, found.path, found.query, found.body) == ("POST", "/v1/x", "a=1", b'{"a":1}')
    assert found.headers == [
        (b"content-type", b"application/json"),
        (b"openai-beta", b"a"),
        (b"openai-beta", b"b"),
    ]


def test_an_encoding_that_was_not_undone_is_named():
    assert originals.read(record(headers=[["content-encoding", "br"]])).headers == [
        (b"content-encoding", b"br")
    ]


def test_a_request_without_a_body_is_whole():
    assert originals.read(record(b"", method="GET")).body == b""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"outcome": "rejected"}, "refused before"),
        ({"body": b"", "request_bytes": 5}, "is not kept"),
        ({"body": b"", "log_level": "off", "path": "/v1/files/{id}"}, "Only counts are kept"),
    ],
)
def test_what_is_missing_is_said(given, words):
    with pytest.raises(Missing, match=words) as refused:
        originals.read(record(**given))
    assert refused.value.field == "request"


def test_a_request_that_was_cut_cannot_be_asked_again():
    made = record()
    made.payload.request_cut = {"size": 5, "sha256": "", "head": 2}
    with pytest.raises(Missing, match="LOG_MAX_BODY_BYTES"):
        originals.read(made)


def test_the_key_is_the_one_of_the_original():
    mine, other = key(), key(id="8", name="other")
    assert originals.find_key(record(), None, snapshot(other, mine)) is mine


def test_of_a_rotated_key_the_newer_secret_counts():
    former, mine = key(expires_at=time.time() + 5), key()
    assert originals.find_key(record(), None, snapshot(mine, former)) is mine
    assert originals.find_key(record(), None, snapshot(former, mine)) is mine


@pytest.mark.parametrize("wanted", ["other", "8", "credential:8"])
def test_another_key_can_be_named(wanted):
    other = key(id="8", name="other")
    assert originals.find_key(record(), wanted, snapshot(key(), other)) is other


def test_a_key_that_is_gone_is_named_with_a_way_out():
    with pytest.raises(Missing, match="The key 'old' .* Name another one as `key`") as refused:
        originals.find_key(record(key_name="old"), None, snapshot(key(id="8")))
    assert refused.value.field == "key"
    with pytest.raises(Unknown, match="'nobody'"):
        originals.find_key(record(), "nobody", snapshot(key()))


def test_a_provider_that_is_not_there_is_refused():
    originals.check_provider(None, snapshot())
    originals.check_provider("default", snapshot())
    with pytest.raises(Unknown, match="'other', only: default"):
        originals.check_provider("other", snapshot())
