"""A real server in a process of its own, small applications behind it, bare sockets in front of it."""

from __future__ import annotations

import base64
import os
import socket
import statistics
import struct
import time
from collections.abc import Iterator

import pytest

from tests.relay.serving import GET, Client, Served, listen_on_tcp, post
from tests.waiting import until


def test_a_connection_is_kept_for_the_next_request(served: Served) -> None:
    with served.connect() as client:
        assert [client.get("/ok").body for _ in range(3)] == [b"ok"] * 3


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    with served.connect() as client:
        slow_first = [GET % b"/late?seconds=0.2&say=first", post("/echo", 4) + b"body", GET % b"/ok"]
        client.send(b"".join(slow_first))
        assert client.answer().body == b"first"
        assert b'"sizes": [4]' in client.answer().body
        assert client.answer().body == b"ok"


def test_a_pipelined_request_behind_a_large_upload_is_answered(served: Served) -> None:
    body = os.urandom(1_000_000)
    with served.connect() as client:
        client.send(post("/echo", len(body)) + body + GET % b"/ok")
        assert client.answer().status == 200
        assert client.answer().body == b"ok"


def test_many_pipelined_requests_are_all_answered(served: Served) -> None:
    with served.connect() as client:
        client.send(GET % b"/ok" * 2000)
        assert [client.answer().body for _ in range(2000)] == [b"ok"] * 2000


def test_connection_close_is_honoured(served: Served) -> None:
    with served.connect() as client:
        client.send(b"GET /ok HTTP/1.1\r\nhost: relay\r\nconnection: keep-alive, Close\r\n\r\n")
        answer = client.answer()
        assert (answer.body, answer.header("connection")) == (b"ok", "close")
        assert client.is_closed_within(0.5)


def test_http_1_0_gets_its_answer_and_the_end_of_the_connection(served: Served) -> None:
    with served.connect() as client:
        client.send(b"GET /chunks?n=2 HTTP/1.0\r\n\r\n")
        answer = client.answer()
        assert answer.header("transfer-encoding") is None
        assert (answer.body, answer.header("connection")) == (b"part 0\npart 1\n", "close")


@pytest.mark.parametrize("target", ["/stream?id=stream", "/watch?id=watch", "/endless?id=endless"])
def test_an_application_sees_at_once_that_its_client_left(served: Served, target: str) -> None:
    id = target.partition("=")[2]
    with served.connect() as client:
        client.send(GET % target.encode())
        until(lambda: served.state()["calls"] == 1)
    until(lambda: served.notes(id).get("was_left"), 0.5)
    until(lambda: served.state()["calls"] == 0, 0.5)


def test_a_client_that_stops_reading_and_closes_its_half_has_left(served: Served) -> None:
    with served.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/endless?id=half")
        until(lambda: served.notes("half").get("taken", 0) > 500_000)
        client.socket.shutdown(socket.SHUT_WR)
        until(lambda: served.notes("half").get("ended"), 0.5)


def test_an_application_sees_at_once_that_its_client_left_during_an_upload(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/echo?id=upload", 10_000_000) + bytes(1_000_000))
        until(lambda: served.notes("upload").get("received") == 1_000_000)
    until(lambda: served.notes("upload").get("was_left"), 0.5)


def test_a_client_that_left_a_large_upload_behind_is_seen_while_the_answer_is_awaited(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/watch?id=after-upload", 2_000_000) + bytes(2_000_000))
        until(lambda: served.state()["calls"] == 1)
        time.sleep(0.3)
    until(lambda: served.notes("after-upload").get("was_left"), 0.5)


def test_a_client_that_leaves_while_its_upload_is_not_taken_is_seen_within_a_second(served: Served) -> None:
    """Nothing is read from it then, so nothing tells."""
    with served.connect() as client:
        client.send(post("/deaf", 2_000_000) + bytes(300_000))
        until(lambda: served.state()["calls"] == 1)
        time.sleep(0.1)
    until(lambda: served.state()["calls"] == 0, 1.5)
    assert served.state()["channels"] == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        GET % b"/watch?id=reset",
        GET % b"/stream?id=reset",
        GET % b"/endless?id=reset",
        post("/watch?id=reset", 100_000) + bytes(100_000),
        post("/watch?id=reset", 1_000_000) + bytes(500_000),
        post("/deaf?id=reset", 1_000_000) + bytes(500_000),
        post("/watch?id=reset", 100) + bytes(100) + bytes(10_000),
    ],
)
def test_a_client_that_leaves_with_a_reset_is_seen_too(served: Served, request_bytes: bytes) -> None:
    """uvloop says so only once, and not when there was still something to read."""
    client = served.connect()
    client.send(request_bytes)
    until(lambda: served.state()["calls"] == 1)
    time.sleep(0.05)
    client.reset()
    until(lambda: served.state()["calls"] == 0, 1.5)
    assert served.state()["channels"] == 0


def test_sending_to_a_client_that_left_fails(served: Served) -> None:
    with served.connect() as client:
        client.send(GET % b"/heedless?id=heedless")
        client.read(100_000)
    until(lambda: served.notes("heedless").get("error_of_send"), 1)
    until(lambda: served.state()["calls"] == 0, 1)
    assert "ERROR" not in served.log()


def test_nothing_is_left_when_nothing_is_under_way(served: Served) -> None:
    for target in ("/ok", "/chunks?n=3", "/unauthorised"):
        served.get(target)
    with served.connect() as client:
        client.send(b"GET /half HTTP/1.1\r\nhost: re")
    idle = {"calls": 0, "channels": 0, "connections": 0}
    until(lambda: served.state().items() >= idle.items())


@pytest.fixture(scope="module")
def impatient() -> Iterator[Served]:
    server = Served(listen_on_tcp(), "--close-timeout", "0.5")
    yield server
    server.stop()


def test_an_application_that_goes_on_for_nobody_is_cancelled(impatient: Served) -> None:
    with impatient.connect() as client:
        client.send(GET % b"/stubborn?id=stubborn")
        until(lambda: impatient.state()["calls"] == 1)
    until(lambda: impatient.notes("stubborn").get("cancelled"), 5)
    assert impatient.state()["calls"] == 0


def test_an_application_may_take_its_time_while_the_client_waits(impatient: Served) -> None:
    assert impatient.get("/late?seconds=2.5").body == b"late"


def test_workers_on_one_socket_answer_without_delay(served: Served) -> None:
    """Without IPPROTO_TCP the listening socket's TCP_NODELAY is lost: 44 ms for each kept-alive answer."""
    listener = listen_on_tcp()
    workers = [Served(listener), Served(listener)]
    try:
        for _ in range(4):
            with workers[0].connect() as client:
                assert median_ms(client) < 20
    finally:
        for worker in workers:
            worker.stop()


def median_ms(client: Client) -> float:
    seconds = []
    for _ in range(20):
        began = time.monotonic()
        client.get("/chunks?n=3")
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds) * 1000


# Websockets


def test_a_websocket_is_served_by_channels(served: Served) -> None:
    with served.connect() as client:
        upgrade(client, "/chat")
        client.send(frame(b"hello"))
        assert read_frame(client) == (0x81, b"hello")


def test_a_websocket_is_closed_with_code_and_reason(served: Served) -> None:
    with served.connect() as client:
        upgrade(client, "/chat?id=bye")
        client.send(frame(b"bye"))
        assert read_frame(client) == (0x88, struct.pack(">H", 4001) + b"as you wish")


def test_a_websocket_without_a_key_is_refused(served: Served) -> None:
    with served.connect() as client:
        client.send(b"GET /chat HTTP/1.1\r\nhost: relay\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
        assert client.head()[0] == 400


def test_an_offer_to_speak_http_2_is_ignored(served: Served) -> None:
    with served.connect() as client:
        offer = (
            b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA"
        )
        client.send(b"GET /ok HTTP/1.1\r\nhost: relay\r\n" + offer + b"\r\n\r\n")
        assert client.answer().body == b"ok"
        assert client.get("/ok").body == b"ok"


def test_websockets_leave_nothing_behind(served: Served) -> None:
    with served.connect() as client:
        upgrade(client, "/chat?id=gone")
    until(lambda: served.notes("gone").get("was_left"), 2)
    until(lambda: served.state()["connections"] == 0, 5)


def upgrade(client: Client, target: str) -> None:
    key = base64.b64encode(os.urandom(16))
    lines = (b"host: relay", b"connection: Upgrade", b"upgrade: websocket", b"sec-websocket-key: " + key)
    head = b"\r\n".join((b"GET %b HTTP/1.1" % target.encode(), *lines, b"sec-websocket-version: 13"))
    client.send(head + b"\r\n\r\n")
    assert client.head()[0] == 101


def frame(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


def read_frame(client: Client) -> tuple[int, bytes]:
    kind, size = client.read(2)
    return kind, client.read(size)
