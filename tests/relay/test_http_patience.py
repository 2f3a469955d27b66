"""Clients that are slow, on purpose or not, and the time they get."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.relay.serving import GET, Client, Served, chunked, listen_on_tcp, post
from tests.waiting import until

LIMIT_SECONDS = 1.2
PATIENCE = {
    **dict.fromkeys(("head", "body", "idle", "reader"), LIMIT_SECONDS),
    "linger": 0.2,
    "interval": 0.1,
}
LATEST_SECONDS = 5.0


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    server = Served(listen_on_tcp(), "--patience", json.dumps(PATIENCE))
    yield server
    server.stop()


def drip(client: Client, data: bytes) -> float:
    """A byte each 0.1 s until the server has had enough; the seconds that took."""
    client.socket.settimeout(0.1)
    began = time.monotonic()
    for byte in data:
        client.send(bytes([byte]))
        try:
            client.socket.recv(1, socket.MSG_PEEK)
            break
        except TimeoutError:
            continue
    client.socket.settimeout(20)
    return time.monotonic() - began


def test_headers_must_arrive_in_time_however_steadily_they_drip(hasty: Served) -> None:
    with hasty.connect() as client:
        seconds = drip(client, b"GET /ok HTTP/1.1\r\n" + b"x-a: 1\r\n" * 100)
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (408, "request_timeout")
        assert LIMIT_SECONDS <= seconds < LATEST_SECONDS


def test_a_request_line_must_arrive_in_time_too(hasty: Served) -> None:
    with hasty.connect() as client:
        seconds = drip(client, b"GET /" + b"x" * 100)
        assert client.answer().status == 408
        assert LIMIT_SECONDS <= seconds < LATEST_SECONDS


def test_a_small_body_must_arrive_in_time_however_steadily_it_drips(hasty: Served) -> None:
    with hasty.connect() as client:
        client.send(post("/echo", 100))
        seconds = drip(client, b"x" * 100)
        assert client.answer().status == 408
        assert LIMIT_SECONDS <= seconds < LATEST_SECONDS


@pytest.mark.parametrize("length", [1_000_000, None])
def test_a_large_body_may_not_drip_either(hasty: Served, length: int | None) -> None:
    with hasty.connect() as client:
        client.send(post(f"/echo?id=drip-{length}", length))
        data = b"x" * 100 if length else chunked(*[b"x"] * 100)
        assert LIMIT_SECONDS <= drip(client, data) < LATEST_SECONDS
        assert client.answer().status == 408
    until(lambda: hasty.notes(f"drip-{length}").get("was_left"), 1)


def test_a_large_body_may_take_long_as_long_as_it_comes(hasty: Served) -> None:
    with hasty.connect() as client:
        client.send(post("/echo", 8 * 70_000))
        for _ in range(8):
            client.send(bytes(70_000))
            time.sleep(0.25)
        assert client.answer().status == 200


def test_an_answer_that_has_begun_is_cut_when_the_body_stops_coming(hasty: Served) -> None:
    with hasty.connect() as client:
        client.send(post("/both-ways", None) + b"3\r\nabc\r\n")
        client.head()
        assert client.read(8) == b"3\r\nabc\r\n"
        assert client.is_closed_within(LATEST_SECONDS)


def test_a_slow_application_does_not_count_against_its_client(hasty: Served) -> None:
    """A provider that takes an upload slowly, or not at all for a while."""
    with hasty.connect() as client:
        client.send(post("/echo?before=2", 2_000_000))
        client.send(bytes(2_000_000))
        assert client.answer().status == 200


def test_a_slow_answer_is_waited_for(hasty: Served) -> None:
    assert hasty.get("/late?seconds=2").body == b"late"


def test_an_idle_connection_is_closed(hasty: Served) -> None:
    with hasty.connect() as client, hasty.connect() as silent:
        client.get("/ok")
        began = time.monotonic()
        assert client.is_closed_within(LATEST_SECONDS)
        assert time.monotonic() - began >= LIMIT_SECONDS - 0.2
        assert silent.is_closed_within(LATEST_SECONDS)
    until(lambda: hasty.state()["channels"] == 0, 1)


def test_a_connection_in_use_is_not_idle(hasty: Served) -> None:
    with hasty.connect() as client:
        for _ in range(8):
            assert client.get("/ok").body == b"ok"
            time.sleep(0.25)


def test_a_reader_that_takes_nothing_for_long_is_given_up(hasty: Served) -> None:
    with hasty.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/endless?id=stalled")
        until(lambda: hasty.notes("stalled").get("ended"), LATEST_SECONDS)


def test_a_reader_that_takes_nothing_of_a_finished_answer_is_given_up(hasty: Served) -> None:
    with hasty.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/large?parts=160")
        until(lambda: hasty.state()["channels"] == 1)
        until(lambda: hasty.state()["channels"] == 0, LATEST_SECONDS)


def test_a_reader_that_takes_a_little_now_and_then_is_not(hasty: Served) -> None:
    with hasty.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/long?parts=100")
        for _ in range(8):
            assert len(client.read(20_000)) == 20_000
            time.sleep(0.25)


def test_a_refused_client_that_stays_is_closed(hasty: Served) -> None:
    with hasty.connect() as client:
        client.send(b"nonsense\r\n\r\n")
        assert client.answer().status == 400
        until(lambda: hasty.state()["channels"] == 0, 1)
