"""Whatever a stranger sends: a JSON error and the end of the connection, never silence and never a crash."""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress

import pytest

from tests.relay.serving import GET, Client, Served, post
from tests.waiting import until

KB = 1024

MALFORMED = {
    "no version": b"GET /ok\r\n\r\n",
    "old version": b"GET /ok HTTP/0.9\r\n\r\n",
    "new version": b"GET /ok HTTP/2.0\r\n\r\n",
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "lower-case protocol": b"GET /ok http/1.1\r\n\r\n",
    "space in the path": b"GET /o k HTTP/1.1\r\n\r\n",
    "no method": b" /ok HTTP/1.1\r\n\r\n",
    "two spaces": b"GET  /ok HTTP/1.1\r\n\r\n",
    "odd method": b"G(T /ok HTTP/1.1\r\n\r\n",
    "control character in the path": b"GET /\x01ok HTTP/1.1\r\n\r\n",
    "header without a colon": GET[:-2] % b"/ok" + b"nonsense\r\n\r\n",
    "header without a colon, then others": b"GET /ok HTTP/1.1\r\nnonsense\r\nhost: relay\r\n\r\n",
    "space before the colon": GET[:-2] % b"/ok" + b"x-a : 1\r\n\r\n",
    "space in a name": GET[:-2] % b"/ok" + b"x a: 1\r\n\r\n",
    "empty name": GET[:-2] % b"/ok" + b": 1\r\n\r\n",
    "non-ascii name": GET[:-2] % b"/ok" + b"x-\xe9: 1\r\n\r\n",
    "nul in a value": GET[:-2] % b"/ok" + b"x-a: 1\x002\r\n\r\n",
    "bare cr in a value": GET[:-2] % b"/ok" + b"x-a: 1\rx-b: 2\r\n\r\n",
    "bare lf in a value": GET[:-2] % b"/ok" + b"x-a: 1\nx-b: 2\r\n\r\n",
    "escape in a value": GET[:-2] % b"/ok" + b"x-a: \x1b[31m\r\n\r\n",
    "folded header": GET[:-2] % b"/ok" + b"x-a: 1\r\n  2\r\n\r\n",
    "folded first line": b"GET /ok HTTP/1.1\r\n host: relay\r\n\r\n",
    "folded framing": b"POST /echo HTTP/1.1\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "lf alone": b"GET /ok HTTP/1.1\nhost: relay\n\n",
    "lf after the first line": b"GET /ok HTTP/1.1\r\nhost: relay\nx-a: 1\n\n",
    "length and chunks": post("/echo", 3, b"transfer-encoding: chunked") + b"0\r\n\r\n",
    "chunks and length": post("/echo", None, b"content-length: 3") + b"0\r\n\r\n",
    "two lengths": post("/echo", 3, b"content-length: 4") + b"abcd",
    "the same length twice": post("/echo", 3, b"content-length: 3") + b"abc",
    "list of lengths": b"POST /echo HTTP/1.1\r\ncontent-length: 3, 3\r\n\r\nabc",
    "negative length": b"POST /echo HTTP/1.1\r\ncontent-length: -3\r\n\r\nabc",
    "length with a sign": b"POST /echo HTTP/1.1\r\ncontent-length: +3\r\n\r\nabc",
    "hexadecimal length": b"POST /echo HTTP/1.1\r\ncontent-length: 0x3\r\n\r\nabc",
    "length with an underscore": b"POST /echo HTTP/1.1\r\ncontent-length: 1_0\r\n\r\nabc",
    "endless length": b"POST /echo HTTP/1.1\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
    "empty length": b"POST /echo HTTP/1.1\r\ncontent-length: \r\n\r\n",
    "unknown coding": b"POST /echo HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": post("/echo", None, b"transfer-encoding: chunked") + b"0\r\n\r\n",
    "identity coding": b"POST /echo HTTP/1.1\r\ntransfer-encoding: identity\r\ncontent-length: 1\r\n\r\nx",
    "hidden coding": b"POST /echo HTTP/1.1\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "non-ascii path": "GET /caf\u00e9 HTTP/1.1\r\n\r\n".encode(),
    "non-ascii query": "GET /ok?q=\u00e9 HTTP/1.1\r\n\r\n".encode(),
    "high bytes in the path": b"GET /\x80 HTTP/1.1\r\n\r\n",
    "high bytes in the query": b"GET /ok?q=\x8e HTTP/1.1\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nhost: relay\r\n\r\n",
    "authority": b"CONNECT example.com:443 HTTP/1.1\r\nhost: relay\r\n\r\n",
    "other scheme": b"GET ftp://example.com/ok HTTP/1.1\r\nhost: relay\r\n\r\n",
    "relative target": b"GET ok HTTP/1.1\r\nhost: relay\r\n\r\n",
    "tls hello": bytes.fromhex("16030102000100") + b"\x01" * 505,
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "smtp": b"EHLO example.com\r\n",
    "nul bytes": bytes(100),
    "a long word": b"A" * 1000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_gets_a_json_error_at_once(served: Served, name: str) -> None:
    with served.connect() as client:
        began = time.monotonic()
        client.send(MALFORMED[name])
        answer = client.answer()
        assert time.monotonic() - began < 1
        assert (answer.status, answer.header("connection")) == (400, "close")
        assert answer.error["type"] == "invalid_request_error"
        assert answer.header("x-relay-request-id")
        assert client.rest() == b""


@pytest.mark.parametrize("name", MALFORMED)
def test_what_follows_malformed_input_is_not_executed(served: Served, name: str) -> None:
    with served.connect() as client:
        client.send(MALFORMED[name] + b"\r\n" + GET % b"/watch?id=smuggled" * 2)
        client.answer()
        client.send(GET % b"/watch?id=smuggled")
        assert client.rest() == b""
    assert "began" not in served.notes("smuggled")


@pytest.mark.parametrize("name", ["lf alone", "header without a colon, then others", "tls hello"])
def test_malformed_input_behind_a_request_comes_after_its_answer(served: Served, name: str) -> None:
    with served.connect() as client:
        client.send(GET % b"/late?seconds=0.1" + MALFORMED[name])
        assert client.answer().body == b"late"
        assert client.answer().status == 400


CHUNKS = {
    "no number": b"xyz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"1_0\r\nabc\r\n0\r\n\r\n",
    "space": b" 3\r\nabc\r\n0\r\n\r\n",
    "too short": b"5\r\nabc\r\n0\r\n\r\n",
    "too long": b"2\r\nabc\r\n0\r\n\r\n",
    "lf alone": b"3\nabc\n0\n\n" + b"x" * 2000,
    "endless size line": b"3;" + b"x" * 5000,
    "endless trailer": b"0\r\n" + b"x" * 70_000,
    "nul in an extension": b"3;\x00\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_malformed_chunks_get_a_json_error(served: Served, name: str) -> None:
    with served.connect() as client:
        client.send(
            post(f"/echo?id={name.replace(' ', '-')}", None) + CHUNKS[name] + GET % b"/watch?id=hidden"
        )
        assert client.answer().error["code"] == "malformed_request"
        assert client.rest() == b""
        until(lambda: served.notes(name.replace(" ", "-")).get("was_left"), 0.5)
    assert "began" not in served.notes("hidden")


def test_malformed_chunks_cut_an_answer_that_has_begun(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/both-ways", None) + b"3\r\nabc\r\n")
        client.head()
        assert client.read(8) == b"3\r\nabc\r\n"
        client.send(b"nonsense\r\n")
        assert client.rest() == b""
    until(lambda: served.state()["calls"] == 0, 1)


# Too much


def test_64_kilobytes_of_headers_are_too_many(served: Served) -> None:
    lines = b"".join(b"x-%d: %b\r\n" % (number, b"x" * KB) for number in range(66))
    with served.connect() as client:
        client.send(GET[:-2] % b"/ok" + lines + b"\r\n")
        answer = client.answer()
    assert (answer.status, answer.error["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize("line", [b"x-a: " + b"x" * 70 * KB, b"x-a: " + b"x" * 200 * KB])
def test_a_header_line_of_64_kilobytes_is_too_long(served: Served, line: bytes) -> None:
    for end in (b"\r\n\r\n", b""):
        with served.connect() as client:
            client.send(GET[:-2] % b"/ok" + line + end)
            answer = client.answer()
            assert (answer.status, answer.error["code"]) == (431, "headers_too_large")
            assert client.rest() == b""


def test_a_url_of_64_kilobytes_is_too_long(served: Served) -> None:
    with served.connect() as client:
        client.send(GET % (b"/ok?" + b"x" * 70 * KB))
        assert client.answer().status == 431


def test_500_headers_are_enough(served: Served) -> None:
    with served.connect() as client:
        client.send(GET[:-2] % b"/ok" + b"x-a: 1\r\n" * 600 + b"\r\n")
        answer = client.answer()
    assert (answer.status, answer.error["code"]) == (431, "too_many_headers")


def test_long_headers_within_the_limit_are_no_trouble(served: Served) -> None:
    with served.connect() as client:
        for _ in range(3):
            client.send(GET[:-2] % (b"/ok?" + b"x" * 20 * KB) + b"x-a: " + b"x" * 20 * KB + b"\r\n\r\n")
            assert client.answer().body == b"ok"


# Odd, but allowed


def test_an_empty_line_before_a_request_is_forgiven(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo", 2) + b"ab\r\n" + GET % b"/ok")
        assert client.answer().status == 200
        assert client.answer().body == b"ok"


def test_a_request_in_single_bytes_is_understood(served: Served) -> None:
    with served.connect() as client:
        for byte in GET % b"/ok":
            client.send(bytes([byte]))
        assert client.answer().body == b"ok"


def test_an_unknown_method_reaches_the_application(served: Served) -> None:
    with served.connect() as client:
        client.send(b"BREW /show HTTP/1.1\r\nhost: relay\r\n\r\n")
        assert b'"method": "BREW"' in client.answer().body


# Noise


def test_noise_is_always_answered_or_closed_and_never_logged_as_an_error(served: Served) -> None:
    chance = random.Random(7)
    requests = [
        post("/echo", 5) + b"hello",
        post("/echo", None) + b"3\r\nabc\r\n0\r\n\r\n",
        GET % b"/show?a=b",
    ]
    for _ in range(400):
        noisy = bytearray(chance.choice(requests) * chance.randint(1, 3))
        for _ in range(chance.randint(1, 6)):
            noisy[chance.randrange(len(noisy))] = chance.choice(b"\x00\r\n :/;\t\xff0aZ")
        with served.connect() as client:
            client.send(bytes(noisy) + b"\r\n\r\n")
            client.socket.shutdown(1)
            assert_is_http(client.rest())
    assert served.get("/ok").body == b"ok"
    assert "ERROR" not in served.log() and "CRITICAL" not in served.log()


def assert_is_http(data: bytes) -> None:
    assert data == b"" or data.startswith(b"HTTP/1.1 "), data
    assert b"<html" not in data


def test_random_bytes_never_hang_a_connection(served: Served) -> None:
    for _ in range(50):
        with served.connect() as client:
            client.send(os.urandom(300) + b"\r\n")
            assert client.answer().status == 400


def test_nobody_is_kept_after_all_this(served: Served) -> None:
    until(lambda: served.state()["channels"] == served.state()["calls"] == 0, 3)


def sent_in_pieces(client: Client, data: bytes) -> None:
    for start in range(0, len(data), 7):
        client.send(data[start : start + 7])


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_in_pieces_is_refused_too(served: Served, name: str) -> None:
    with served.connect() as client:
        with suppress(ConnectionError):  # refused half-way, and more than a second ago
            sent_in_pieces(client, MALFORMED[name])
        assert client.answer().status == 400
