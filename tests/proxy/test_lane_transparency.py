"""Through a running relay: the bytes that arrive are the bytes that were sent, both ways."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import uuid
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard

from proxy.simulator import Simulator
from tests.proxy import wires
from tests.proxy.wires import Heard, Wire, received
from tests.running import Relay

JSON = "content-type: application/json"
ODD_JSON = b"""\xef\xbb\xbf {\r\n\t"model" : "gpt-4o" ,"n":1,"seed": 123456789012345678901234567890,
 "logit_bias":{"1":-1.50E+1},"x":"\\u00e9\\ud83d\\ude00 \xc3\xa9","metadata":{"model":"inner"},
 "messages":[ {"role":"user","content":"MARK"} ] , "user":"a" ,"user":"b"}\n\n"""


pytestmark = pytest.mark.conformance("guarantee", 2)


@pytest.fixture
def wire(relay_server: Relay) -> Iterator[Wire]:
    with wires.connected(relay_server) as made:
        yield made


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


# Requests


def test_json_arrives_with_its_spaces_numbers_and_repeats(
    wire: Wire, simulator: Simulator, mark: str
) -> None:
    body = ODD_JSON.replace(b"MARK", mark.encode())
    wire.ask("POST", "/v1/chat/completions", body, JSON)
    assert received(simulator, mark).body == body


def test_multipart_arrives_with_its_boundary(wire: Wire, simulator: Simulator, mark: str) -> None:
    body = (
        b'--odd"boundary\r\nContent-Disposition: form-data; name="file"; filename="\xc3\xa9.bin"\r\n\r\n'
        + bytes(range(256))
        + b'\r\n--odd"boundary\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n'
        + mark.encode()
        + b'\r\n--odd"boundary--\r\n'
    )
    content_type = 'content-type: multipart/form-data; boundary="odd\\"boundary"; charset=x'
    wire.ask("POST", "/v1/files", body, content_type)
    request = received(simulator, mark)
    assert request.body == body
    assert request.header("content-type") == content_type.partition(": ")[2]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_an_encoded_body_arrives_encoded(wire: Wire, simulator: Simulator, mark: str, encoding: str) -> None:
    plain = wires.chat(f"encoded {mark}")
    body = gzip.compress(plain) if encoding == "gzip" else zstandard.compress(plain)
    heard = wire.ask(
        "POST", "/v1/chat/completions", body, JSON, f"content-encoding: {encoding}", f"x-mark: {mark}"
    )
    assert mark in heard.json["choices"][0]["message"]["content"]
    request = received(simulator, mark)
    assert request.body == body
    assert request.header("content-encoding") == encoding


def test_a_chunked_body_arrives_whole(wire: Wire, simulator: Simulator, mark: str) -> None:
    body = wires.chat(f"chunked {mark}")
    head = wire.request("POST", "/v1/chat/completions", None, JSON, "transfer-encoding: chunked")
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:40], body[40:])]
    wire.say(head, *chunks, b"0\r\n\r\n")
    assert wire.hear().status == 200
    assert received(simulator, mark).body == body


def test_a_chunked_upload_arrives_whole(wire: Wire, simulator: Simulator, mark: str) -> None:
    body = os.urandom(300_000)
    wire.say(wire.request("POST", f"/v1/echo?{mark}", None, "transfer-encoding: chunked"))
    for start in range(0, len(body), 10_000):
        wire.say(b"%x\r\n%b\r\n" % (10_000, body[start : start + 10_000]))
    wire.say(b"0\r\n\r\n")
    assert wire.hear().json["body"]["sha256"] == hashlib.sha256(body).hexdigest()
    assert received(simulator, mark).header("transfer-encoding") == "chunked"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_no_body_stays_no_body(wire: Wire, simulator: Simulator, mark: str, method: str) -> None:
    assert wire.ask(method, f"/v1/echo/{mark}").status == 200
    request = received(simulator, mark)
    assert (request.method, request.body_size) == (method, 0)
    assert request.header("transfer-encoding") is None
    assert request.header("content-length") == (None if method == "GET" else "0")


def test_fifty_megabytes_of_json_arrive(
    wire: Wire, simulator: Simulator, mark: str, record_property: Callable[[str, object], None]
) -> None:
    body = wires.chat(f"large {mark}", user="x" * 50_000_000)
    assert wire.ask("POST", "/v1/chat/completions", body, JSON, f"x-mark: {mark}").status == 200
    request = received(simulator, mark)
    assert request.body_size == len(body)
    assert request.body_sha256 == hashlib.sha256(body).hexdigest()
    record_property("figure", "50 MB of JSON there")


def test_a_request_may_wait_for_100_continue(wire: Wire) -> None:
    body = os.urandom(100_000)
    request = wire.request("POST", "/v1/echo", body, "expect: 100-continue")
    head = request[: -len(body)]
    wire.say(head)
    assert wire.hear_head() == b"HTTP/1.1 100 Continue"
    wire.say(body)
    assert wire.hear().json["body"]["bytes"] == len(body)


def test_exactly_these_headers_arrive(wire: Wire, simulator: Simulator, mark: str) -> None:
    wire.ask(
        "POST",
        f"/v1/echo/{mark}",
        b"{}",
        JSON,
        "user-agent: OpenAI/Python 3",
        "x-stainless-retry-count: 1",
        "x-twice: 1",
        "x-twice: 2",
        "cookie: session=secret",
        "openai-organization: org-client",
        "x-forwarded-for: 10.0.0.1",
        "x-relay-user: ana",
        "accept-encoding: gzip, br",
        "connection: keep-alive, x-hop",
        "x-hop: 1",
        secret="",
    )
    assert received(simulator, mark).headers == [
        ("Host", f"127.0.0.1:{simulator.port}"),
        ("content-type", "application/json"),
        ("user-agent", "OpenAI/Python 3"),
        ("x-stainless-retry-count", "1"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer sk-upstream"),
        ("Content-Length", "2"),
    ]


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "authorization"])
def test_the_callers_key_never_reaches_the_provider(
    wire: Wire, simulator: Simulator, mark: str, header: str
) -> None:
    value = f"Bearer {wire.secret}" if header == "authorization" else wire.secret
    assert wire.ask("GET", f"/v1/echo/{mark}", None, f"{header}: {value}", secret=None).status == 200
    request = received(simulator, mark)
    assert wire.secret not in str(request.headers)
    assert request.header("authorization") == "Bearer sk-upstream"


TARGETS = ["/models/meta%2Fllama%3Afree~", "/echo//double", "/echo?b=&a=%20+&a=%2F", "/echo?metadata[k]=v"]


@pytest.mark.parametrize("rest", TARGETS)
def test_an_address_arrives_as_it_was_written(wire: Wire, simulator: Simulator, mark: str, rest: str) -> None:
    target = f"/v1{rest}{'&' if '?' in rest else '?'}mark={mark}"
    wire.ask("GET", target)
    assert received(simulator, mark).target == target


# Answers


def ask_twice(wire: Wire, simulator: Simulator, text: str, **given: object) -> tuple[Heard, Heard]:
    """The same call to the provider itself and through the relay."""
    body = wires.chat(text, **given)
    with wires.connected(simulator) as straight:
        expected = straight.ask("POST", "/v1/chat/completions", body, JSON)
    return expected, wire.ask("POST", "/v1/chat/completions", body, JSON)


def without_ids(body: bytes) -> bytes:
    """What differs between any two answers of the provider."""
    text = json.loads(body) if body.startswith(b"{") else None
    if isinstance(text, dict):
        return json.dumps(text | {"id": "", "created": 0}).encode()
    lines = body.splitlines(keepends=True)
    return b"".join(
        line.partition(b'"object"')[2].partition(b'"model"')[2] if b'"object"' in line else line
        for line in lines
    )


SCRIPTS = ["", "crlf=1", "comments=1", "crlf=1 comments=1 split=23", "big_event=100000", "split=5 chunks=2"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_stream_comes_back_as_it_came(wire: Wire, simulator: Simulator, script: str) -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    expected, heard = ask_twice(wire, simulator, f"[[sim {script}]] 你好 🙂 naïve", **asked)
    assert heard.is_whole
    assert without_ids(heard.body) == without_ids(expected.body)


def test_five_megabytes_in_one_event_come_back(
    wire: Wire, simulator: Simulator, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", "5 MB in one event")
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    expected, heard = ask_twice(wire, simulator, "[[sim big_event=5000000]]", **asked)
    assert len(heard.body) > 5_000_000
    assert without_ids(heard.body) == without_ids(expected.body)


def test_status_and_headers_come_back(wire: Wire, simulator: Simulator) -> None:
    expected, heard = ask_twice(wire, simulator, "[[sim status=429 retry_after=9]]")
    assert heard.status == 429
    assert heard.body == expected.body
    passed = {name for name, _ in expected.headers} & {
        "content-type", "content-length", "date", "retry-after", "openai-version", "x-request-id",
        "openai-processing-ms", "x-ratelimit-limit-requests", "x-ratelimit-reset-tokens",
    }  # fmt: skip
    assert len(passed) == 9
    changing = {"date", "x-request-id", "openai-processing-ms"}
    for name in passed:
        assert heard.header(name) == expected.header(name) or (name in changing and heard.header(name))
    for name in ("set-cookie", "server", "openai-organization", "openai-project", "cf-ray", "alt-svc"):
        assert expected.header(name) or name in ("openai-project",)
        assert heard.header(name) is None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_an_encoded_answer_stays_encoded(wire: Wire, encoding: str) -> None:
    body = wires.chat(f"[[sim encoding={encoding}]]")
    heard = wire.ask("POST", "/v1/chat/completions", body, JSON)
    assert heard.header("content-encoding") == encoding
    decoded = {
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    }[encoding](heard.body)
    assert json.loads(decoded)["object"] == "chat.completion"


def test_fifty_megabytes_of_a_file_come_back(
    wire: Wire, simulator: Simulator, record_property: Callable[[str, object], None]
) -> None:
    content = bytes(range(256)) * 10
    form = b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    form += (
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n%b\r\n--b--\r\n' % content
    )
    made = wire.ask("POST", "/v1/files", form, "content-type: multipart/form-data; boundary=b").json
    target = f"/v1/files/{made['id']}/content"
    heard = wire.ask("GET", target, None, "x-simulate: size=50000000")
    with wires.connected(simulator) as straight:
        expected = straight.ask("GET", target, None, "x-simulate: size=50000000")
    assert (heard.status, len(heard.body), heard.is_whole) == (200, 50_000_000, True)
    assert heard.body == expected.body
    record_property("figure", "50 MB of a file back")


def test_an_answer_that_ends_with_its_connection_is_whole(wire: Wire) -> None:
    heard = wire.ask("POST", "/v1/chat/completions", wires.chat("[[sim no_length=1]]"), JSON)
    assert heard.is_whole
    assert heard.json["object"] == "chat.completion"


def test_a_head_has_the_headers_of_its_get(wire: Wire) -> None:
    whole, head = wire.ask("GET", "/v1/models"), wire.ask("HEAD", "/v1/models")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == whole.header("content-length")
    assert wire.ask("GET", "/v1/models").status == 200


def test_options_are_answered_without_a_key(wire: Wire) -> None:
    heard = wire.ask("OPTIONS", "/v1/chat/completions", secret=None)
    assert (heard.status, heard.body) == (204, b"")
    assert "POST" in (heard.header("allow") or "")
    assert heard.header("x-relay-request-id")


def test_a_trailing_slash_makes_no_difference(wire: Wire) -> None:
    heard = wire.ask("POST", "/v1/chat/completions/", wires.chat("slash"), JSON)
    assert (heard.status, heard.json["object"]) == (200, "chat.completion")


def test_calls_follow_each_other_on_one_connection(wire: Wire) -> None:
    ids = set()
    for number in range(20):
        heard = wire.ask(
            "POST", "/v1/chat/completions", wires.chat(f"{number}", stream=number % 2 == 0), JSON
        )
        assert heard.is_whole
        ids.add(heard.header("x-relay-request-id"))
    assert len(ids) == 20


def test_pipelined_calls_are_answered_in_order(wire: Wire) -> None:
    asked = [wires.chat(f"pipelined-{number}") for number in range(3)]
    wire.say(b"".join(wire.request("POST", "/v1/chat/completions", body, JSON) for body in asked))
    for number in range(3):
        assert f"pipelined-{number}" in wire.hear().json["choices"][0]["message"]["content"]
