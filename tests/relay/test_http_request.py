"""What an application gets of a request, sent over a bare socket."""

from __future__ import annotations

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.relay.serving import GET, Answer, Served, chunked, post
from tests.waiting import until

MEGABYTE = 1024 * 1024
INLINE_BYTES = 64 * 1024
BOUNDARY = b"content-type: multipart/form-data; boundary=x"
FORM = b"content-type: application/x-www-form-urlencoded"


def scope(answer: Answer) -> dict[str, Any]:
    return json.loads(answer.body)


# The head


def test_the_path_is_decoded_and_kept_raw(served: Served) -> None:
    seen = scope(served.get("/show%2F/caf%C3%A9/a%20b;c?q=%2F&r=a+b"))
    assert seen["path"] == "/show//caf\xe9/a b;c"
    assert seen["raw_path"] == "/show%2F/caf%C3%A9/a%20b;c"
    assert seen["query_string"] == "q=%2F&r=a+b"


def test_a_path_that_is_not_utf_8_when_decoded_passes(served: Served) -> None:
    assert scope(served.get("/%ff"))["raw_path"] == "/%ff"


def test_an_absolute_target_is_its_path(served: Served) -> None:
    seen = scope(served.get("HTTP://example.com:80/show?q=1"))
    assert (seen["path"], seen["query_string"]) == ("/show", "q=1")
    assert scope(served.get("http://example.com"))["path"] == "/"


def test_headers_come_in_lower_case_with_repeats(served: Served) -> None:
    with served.connect() as client:
        client.send(b"GET /show HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\nx-a: 2\r\nX-B:\tcaf\xe9 \r\n\r\n")
        assert scope(client.answer())["headers"] == [
            ["host", "localhost"],
            ["x-a", "1"],
            ["x-a", "2"],
            ["x-b", "caf\xe9"],
        ]


def test_a_name_with_an_underscore_cannot_pose_as_one_with_a_hyphen(served: Served) -> None:
    with served.connect() as client:
        client.send(b"GET /show HTTP/1.1\r\nhost: localhost\r\nx_relay_client: 1.2.3.4\r\n\r\n")
        assert scope(client.answer())["headers"] == [["host", "localhost"]]


def test_the_scope_names_client_server_and_version(served: Served) -> None:
    with served.connect() as client:
        seen = scope(client.get("/show"))
        assert seen["client"] == list(client.socket.getsockname())
        assert seen["server"] == list(client.socket.getpeername())
        client.send(b"GET /show HTTP/1.0\r\n\r\n")
        assert scope(client.answer())["http_version"] == "1.0"


# The body


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES])
def test_a_small_body_comes_in_one_message(served: Served, size: int) -> None:
    with served.connect() as client:
        assert json.loads(client.post("/echo", bytes(size)).body)["sizes"] == [size]


def test_a_large_body_comes_whole_in_parts(served: Served) -> None:
    body = os.urandom(3 * MEGABYTE)
    with served.connect() as client:
        seen = json.loads(client.post("/echo?before=0.2", body).body)
    assert seen["sha256"] == hashlib.sha256(body).hexdigest()
    assert max(seen["sizes"]) <= 320 * 1024
    assert len(seen["sizes"]) > 5


@pytest.mark.parametrize("sizes", [[], [1], [5, 70_000, 1], [1] * 3000, [2_000_000]])
def test_a_chunked_body_comes_whole(served: Served, sizes: list[int]) -> None:
    parts = [os.urandom(size) for size in sizes]
    with served.connect() as client:
        client.send(post("/echo", None) + chunked(*parts) + GET % b"/ok")
        seen = json.loads(client.answer().body)
        assert seen["sha256"] == hashlib.sha256(b"".join(parts)).hexdigest()
        assert client.answer().body == b"ok"


def test_chunk_extensions_and_trailers_are_accepted(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo", None) + b"3;name=value\r\nabc\r\n0\r\nx-trailer: 1\r\n\r\n")
        assert sum(json.loads(client.answer().body)["sizes"]) == 3


def test_a_body_in_single_bytes_comes_whole(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo", 200))
        for _ in range(200):
            client.send(b"x")
        assert json.loads(client.answer().body)["sizes"] == [200]


@pytest.mark.parametrize("kind", [BOUNDARY, FORM])
def test_a_form_is_bytes_like_any_other_body(served: Served, kind: bytes) -> None:
    """Twisted parses forms, and answers 400 by itself when that fails."""
    with served.connect() as client:
        seen = client.post("/echo", b"--y\r\nnot a form&%%%=", kind)
        assert json.loads(seen.body)["sizes"] == [20]


def test_the_application_starts_before_a_large_body_has_come(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/unauthorised?id=early", 100_000))
        until(lambda: served.notes("early").get("began"), 1)


def test_an_application_may_answer_while_the_body_comes(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/both-ways", None))
        status, headers = client.head()
        parts = client.parts(Answer(status, headers, b""))
        for word in (b"one", b"two", b"three"):
            client.send(b"%x\r\n%b\r\n" % (len(word), word))
            assert next(parts) == word
        client.send(b"0\r\n\r\n")
        assert list(parts) == []


# Backpressure


def test_an_application_that_takes_nothing_blocks_its_client(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with served.connect() as client:
        client.send(post("/echo?before=1.5&id=blocked", 50 * MEGABYTE))
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.send(bytes(50 * MEGABYTE))
        assert served.rss_bytes - resting_bytes < 4 * MEGABYTE


def test_a_slow_application_gets_everything_with_flat_memory(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with served.connect() as client:
        client.send(post("/drop?pause=0.01&id=slow", 20 * MEGABYTE))
        client.send(bytes(20 * MEGABYTE))
        assert served.rss_bytes - resting_bytes < 4 * MEGABYTE
        assert client.answer().body == b"%d" % (20 * MEGABYTE)


def test_an_upload_that_nobody_takes_stays_out_while_the_answer_flows(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with ThreadPoolExecutor() as pool, served.connect() as client:
        client.send(post("/long?parts=500", 100 * MEGABYTE))
        sending = pool.submit(client.send, bytes(100 * MEGABYTE))
        status, headers = client.head()
        for _ in client.parts(Answer(status, headers, b"")):
            pass
        assert served.rss_bytes - resting_bytes < 8 * MEGABYTE
        client.close()
        assert sending.exception() is not None


def test_50_megabytes_pass_with_flat_memory_and_no_file(served: Served) -> None:
    resting_bytes, peak_bytes = served.rss_bytes, 0
    block, digest = os.urandom(MEGABYTE), hashlib.sha256()
    with served.connect() as client:
        client.send(post("/echo", 50 * MEGABYTE))
        for _ in range(50):
            client.send(block)
            digest.update(block)
            peak_bytes = max(peak_bytes, served.rss_bytes)
            assert open_files(served.process.pid) == []
        answer = client.answer()
    assert json.loads(answer.body)["sha256"] == digest.hexdigest()
    assert peak_bytes - resting_bytes < 4 * MEGABYTE
    assert served.state()["temporary_files"] == []


def open_files(pid: int) -> list[str]:
    """Deleted ones too: that is what a temporary file is."""
    targets = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return [path for path in targets if "/tmp/" in path and not path.endswith("/log")]


# Expect: 100-continue


def test_a_large_body_is_asked_for_when_the_application_wants_it(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo?before=0.3", 100_000, b"expect: 100-continue"))
        client.socket.settimeout(0.15)
        with pytest.raises(TimeoutError):
            client.read(1)
    with served.connect() as client:
        client.send(post("/echo?before=0.1", 100_000, b"expect: 100-continue"))
        assert client.head() == (100, [])
        client.send(bytes(100_000))
        assert sum(json.loads(client.answer().body)["sizes"]) == 100_000


def test_a_body_that_nobody_wants_is_not_asked_for(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/unauthorised", 100_000, b"expect: 100-continue"))
        assert client.answer().status == 401


def test_a_small_body_is_asked_for_at_once(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo", 10, b"Expect: 100-Continue"))
        assert client.head() == (100, [])
        client.send(bytes(10))
        assert client.answer().status == 200


def test_http_1_0_knows_no_interim_answers(served: Served) -> None:
    with served.connect() as client:
        head = b"POST /echo HTTP/1.0\r\ncontent-length: 70000\r\nexpect: 100-continue\r\n\r\n"
        client.send(head + bytes(70_000))
        assert client.answer().status == 200


def test_a_client_that_did_not_wait_is_not_asked(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo?before=0.1", 100_000, b"expect: 100-continue") + bytes(100_000))
        time.sleep(0.05)
        assert client.answer().status == 200
