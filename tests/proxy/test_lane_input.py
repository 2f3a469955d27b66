"""Bad input through a running relay: an error in JSON with the right status, never a page, never a 500."""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections.abc import Iterator

import pytest

from proxy.simulator import Simulator
from tests.proxy import wires
from tests.proxy.wires import Heard, Wire, received
from tests.running import Relay
from tests.waiting import until

JSON = "content-type: application/json"
CHAT = "/v1/chat/completions"


@pytest.fixture
def wire(relay_server: Relay) -> Iterator[Wire]:
    with wires.connected(relay_server) as made:
        yield made


def is_an_error_of_openais(heard: Heard) -> bool:
    error = heard.json["error"]
    return (
        heard.header("content-type") == "application/json"
        and set(error) == {"message", "type", "param", "code"}
        and isinstance(error["code"], str)
        and len(heard.header("x-relay-request-id") or "") == 36
    )


BODIES = {
    "malformed": (b'{"model": "m", ', "invalid_json"),
    "not UTF-8": (b'{"model":"\xff\xfe"}', "invalid_json"),
    "a thousand levels too deep": (b'{"a":' * 200_000, "invalid_json"),
    "brackets without end": (b"[" * 1_000_000, "invalid_json"),
    "empty": (b"", "missing_body"),
    "an array": (b"[1,2]", "missing_body"),
    "a number": (b"1e999", "missing_body"),
    "NUL": (b"\0\0\0\0", "invalid_json"),
    "random": (b"\x89" + os.urandom(999), "invalid_json"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_json_object_is_400(wire: Wire, body: bytes, code: str) -> None:
    heard = wire.ask("POST", CHAT, body, JSON)
    assert (heard.status, heard.code) == (400, code)
    assert is_an_error_of_openais(heard)
    assert wire.ask("GET", "/v1/models").status == 200


ODD = {
    "huge numbers": b'{"model":"m","messages":[{"role":"user","content":"x"}],"seed":' + b"9" * 10_000 + b"}",
    "a lone surrogate": b'{"model":"m","messages":[{"role":"user","content":"\\ud83d"}]}',
    "a lone surrogate in the model": b'{"model":"m\\ud83d","messages":[{"role":"user","content":"x"}]}',
    "NUL in the model": b'{"model":"m\\u0000","messages":[{"role":"user","content":"x"}]}',
    "a line break in the model": b'{"model":"m\\r\\nx: y","messages":[{"role":"user","content":"x"}]}',
    "repeated members": b'{"model":"a","model":"m","messages":[{"role":"user","content":"x"}]}',
    "a BOM": b'\xef\xbb\xbf{"model":"m","messages":[{"role":"user","content":"x"}]}',
    "NaN": b'{"model":"m","messages":[{"role":"user","content":"x"}],"top_p":NaN}',
    "a model that is an object": b'{"model":{},"messages":[]}',
    "a stream that is a string": b'{"model":"m","stream":"true","messages":[{"role":"user","content":"x"}]}',
    "stream options that are none": b'{"model":"m","stream":true,"stream_options":7,"messages":[]}',
    "500 levels": b'{"model":"m","messages":[],"x":' + b"[" * 500 + b"]" * 500 + b"}",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_what_json_allows_is_for_the_provider_to_judge(wire: Wire, body: bytes) -> None:
    heard = wire.ask("POST", CHAT, body, JSON)
    assert heard.status in (200, 400)
    assert heard.header("x-relay-provider") == "default"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_the_wrong_content_type_is_400(wire: Wire, content_type: str) -> None:
    heard = wire.ask("POST", CHAT, b"{}", *([f"content-type: {content_type}"] if content_type else []))
    assert (heard.status, heard.code) == (400, "invalid_content_type")
    assert is_an_error_of_openais(heard)


METHODS = [
    ("BREW", CHAT, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("TRACE", "/v1/models", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("DELETE", "/v1/models", "GET, HEAD, OPTIONS"),
    ("GET", "/v1/embeddings", "OPTIONS, POST"),
    ("PUT", "/v1/chat/completions/", "GET, HEAD, OPTIONS, POST"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
def test_a_method_that_is_none_is_405_with_those_that_are(
    wire: Wire, method: str, path: str, allowed: str
) -> None:
    heard = wire.ask(method, path)
    assert (heard.status, heard.code) == (405, "method_not_allowed")
    assert heard.header("allow") == allowed
    assert is_an_error_of_openais(heard)


@pytest.mark.parametrize("path", ["/v1/../admin/", "/v1/files/%2e%2e/x", "/v1/a%2f..%2fb", "/v1/.."])
def test_a_path_that_climbs_is_400(wire: Wire, path: str) -> None:
    heard = wire.ask("GET", path)
    assert (heard.status, heard.code) == (400, "invalid_path")


def test_an_unknown_path_is_the_providers_to_refuse(wire: Wire) -> None:
    heard = wire.ask("GET", "/v1/responses/resp_unknown")
    assert heard.status == 404
    assert heard.header("x-relay-provider") == "default"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_anthropics_clients_hear_their_own_form(wire: Wire, path: str) -> None:
    heard = wire.ask("POST", path, b"{", JSON)
    assert heard.status == 400
    assert heard.json["type"] == "error"
    assert heard.json["error"]["type"] == "invalid_request_error"
    assert heard.json["request_id"] == heard.header("request-id")


def test_a_body_announced_too_large_is_413_before_it_is_sent(relay_server: Relay) -> None:
    with wires.connected(relay_server) as wire:
        wire.say(wire.request("POST", CHAT, None, JSON, "content-length: 104857601"))
        heard = wire.hear()
    assert (heard.status, heard.code) == (413, "request_too_large")
    assert heard.header("connection") == "close"
    assert is_an_error_of_openais(heard)


def test_a_gzip_bomb_is_forwarded_unread(wire: Wire, simulator: Simulator) -> None:
    mark = uuid.uuid4().hex
    bomb = gzip.compress(b'{"model":"' + b"0" * 30_000_000 + b'"}')
    wire.ask("POST", f"/v1/echo?{mark}", bomb, JSON, "content-encoding: gzip")
    request = received(simulator, mark)
    assert request.body == bomb


def test_a_header_with_a_control_character_is_400(relay_server: Relay) -> None:
    with wires.connected(relay_server) as wire:
        heard = wire.ask("GET", "/v1/models", None, "x-odd: a\x01b")
    assert heard.status == 400
    assert is_an_error_of_openais(heard)


def test_headers_beyond_any_use_are_431(relay_server: Relay) -> None:
    with wires.connected(relay_server) as wire:
        heard = wire.ask("GET", "/v1/models", None, "x-odd: " + "x" * 70_000)
    assert heard.status == 431
    assert is_an_error_of_openais(heard)


def test_every_refusal_of_a_known_key_is_recorded(wire: Wire, relay_server: Relay) -> None:
    mark = uuid.uuid4().hex
    heard = wire.ask("POST", f"/v1/embeddings?{mark}", b"{", JSON)
    request_id = heard.header("x-relay-request-id")
    with wires.connected(relay_server, relay_server.management_token) as console:

        def find() -> list[dict[str, object]]:
            answer = console.ask("GET", f"/manage/logs?request_id={request_id}")
            return list(json.loads(answer.body)["results"])

        (row,) = until(find, 30)
    assert row["outcome"] == "rejected"
    assert row["status_code"] == 400
    assert row["path"] == "/v1/embeddings"


@pytest.mark.parametrize("secret", ["wrong", None])
def test_calls_without_a_key_leave_no_record(wire: Wire, relay_server: Relay, secret: str | None) -> None:
    heard = wire.ask("GET", "/v1/models", secret=secret)
    assert heard.status == 401
    with wires.connected(relay_server, relay_server.management_token) as console:
        answer = console.ask("GET", f"/manage/logs?request_id={heard.header('x-relay-request-id')}")
    assert json.loads(answer.body)["results"] == []
