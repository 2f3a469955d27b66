"""How an answer leaves, seen from a bare socket."""

from __future__ import annotations

import time

import pytest

from tests.relay.serving import GET, Client, Served, post
from tests.waiting import until

MEGABYTE = 1024 * 1024
PART_BYTES = 64 * 1024  # of the applications


def test_an_answer_without_length_is_chunked(served: Served) -> None:
    answer = served.get("/chunks?n=3")
    assert answer.header("transfer-encoding") == "chunked"
    assert answer.body == b"part 0\npart 1\npart 2\n"


def test_headers_leave_as_the_application_gave_them(served: Served) -> None:
    assert served.get("/odd-headers").headers[:4] == [
        ("X-MiXed", "a, b"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-word", "caf\xe9"),
    ]


def test_a_head_request_gets_the_headers_alone(served: Served) -> None:
    with served.connect() as client:
        client.send(b"HEAD /ok HTTP/1.1\r\nhost: relay\r\n\r\n")
        assert client.answer(has_body=False).header("content-length") == "2"
        client.send(b"HEAD /chunks?n=3 HTTP/1.1\r\nhost: relay\r\n\r\n")
        assert client.answer(has_body=False).header("transfer-encoding") is None
        assert client.get("/ok").body == b"ok"


@pytest.mark.parametrize(("code", "length"), [(204, None), (304, "0")])
def test_an_answer_without_a_body_has_no_framing_for_one(
    served: Served, code: int, length: str | None
) -> None:
    with served.connect() as client:
        answer = client.get(f"/status?code={code}")
        assert (answer.status, answer.header("content-length")) == (code, length)
        assert answer.header("transfer-encoding") is None
        assert client.get("/ok").body == b"ok"


def test_an_application_may_close_the_connection(served: Served) -> None:
    with served.connect() as client:
        answer = client.get("/closing")
        assert [value for name, value in answer.headers if name == "connection"] == ["close"]
        assert client.is_closed_within(0.5)


def test_the_head_does_not_wait_for_the_body(served: Served) -> None:
    with served.connect() as client:
        began = time.monotonic()
        client.send(GET % b"/head-first?seconds=0.5")
        client.head()
        assert time.monotonic() - began < 0.4
        assert client.read(4) == b"late"


# Backpressure


def test_a_client_that_stops_reading_stops_the_application(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with served.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/endless?id=unread")
        taken = settle(served, "unread")
        assert taken < 8 * MEGABYTE
        assert served.rss_bytes - resting_bytes < 8 * MEGABYTE
    until(lambda: served.notes("unread").get("ended"), 0.5)


def test_a_client_that_pauses_gets_every_byte_later(served: Served) -> None:
    with served.connect(receive_buffer_bytes=4096) as client:
        client.send(GET % b"/long?parts=200")
        time.sleep(0.5)
        assert served.state()["calls"] == 1
        assert client.answer().body == b"0123456789abcdef" * 4096 * 200


def test_many_stalled_readers_cost_little(served: Served) -> None:
    resting_bytes = served.rss_bytes
    clients = [served.connect(receive_buffer_bytes=4096) for _ in range(20)]
    for client in clients:
        client.send(GET % b"/endless?id=many")
    time.sleep(1)
    assert served.rss_bytes - resting_bytes < 20 * MEGABYTE
    for client in clients:
        client.close()
    until(lambda: served.state()["calls"] == 0)


def test_a_pipelining_client_that_never_reads_is_not_answered_without_end(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with served.connect(receive_buffer_bytes=4096) as client:
        client.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            client.send(GET % b"/large?parts=1" * 100_000)
        assert served.rss_bytes - resting_bytes < 20 * MEGABYTE


def test_a_large_answer_in_one_message_arrives_whole_after_the_application_has_ended(served: Served) -> None:
    with served.connect() as client:
        client.send(GET % b"/large?parts=160")
        until(lambda: served.state()["calls"] == 0)
        assert len(client.answer().body) == 160 * PART_BYTES


def settle(served: Served, id: str) -> int:
    """How much the server has taken from the application, once it takes no more."""
    taken = -1
    while taken != (taken := served.notes(id).get("taken", 0)):
        time.sleep(0.3)
    return taken


# What cannot be finished


def test_a_failure_before_the_answer_is_an_error_of_ours(served: Served) -> None:
    answer = served.get("/fail?when=at+once")
    assert (answer.status, answer.error["code"]) == (500, "relay_error")
    assert "on purpose" not in answer.body.decode()
    assert "on purpose" in served.log()


@pytest.mark.parametrize("target", ["/silent", "/split-header"])
def test_an_application_that_gives_no_usable_answer_is_an_error_of_ours(served: Served, target: str) -> None:
    answer = served.get(target)
    assert (answer.status, answer.error["code"]) == (500, "relay_error")
    assert answer.header("set-cookie") is None


@pytest.mark.parametrize(
    "target",
    [
        "/fail?when=after+a+part",
        "/fail?when=after+a+part&length=1",
        "/fail?when=after+the+head",
        "/fail?when=after+the+head&length=1",
        "/silent?begun=1",
        "/wrong-length?sent=9",
        "/wrong-length?sent=11",
    ],
)
def test_a_failure_after_the_answer_has_begun_cuts_the_connection(served: Served, target: str) -> None:
    with served.connect() as client:
        began = time.monotonic()
        client.send(GET % target.encode())
        with pytest.raises((AssertionError, ConnectionError)):
            client.answer()
        assert time.monotonic() - began < 0.5
    assert served.state()["calls"] == 0


# An answer before the body was taken


def test_an_early_answer_arrives_at_once(served: Served) -> None:
    with served.connect() as client:
        began = time.monotonic()
        client.send(post("/unauthorised", 300_000_000))
        answer = client.answer()
        assert time.monotonic() - began < 0.1
        assert (answer.status, answer.header("connection")) == (401, "close")
        assert served.state()["channels"] == 1
        until(lambda: served.state()["channels"] == 0, 1.5)


def test_a_client_that_sends_everything_first_can_still_read_an_early_answer(served: Served) -> None:
    resting_bytes = served.rss_bytes
    with served.connect() as client:
        client.send(post("/unauthorised", 20_000_000))
        send_all(client, 20_000_000)
        assert client.answer().status == 401
    assert served.rss_bytes - resting_bytes < 4 * MEGABYTE


def test_a_client_that_goes_on_sending_is_cut_off(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/unauthorised", 10_000_000_000))
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            send_all(client, 10_000_000_000)
        assert 0.5 < time.monotonic() - began < 2.5


def test_a_long_early_answer_arrives_whole_however_slowly_it_is_read(served: Served) -> None:
    with served.connect(receive_buffer_bytes=4096) as client:
        client.send(post("/unauthorised-at-length", 1_000_000) + bytes(100_000))
        time.sleep(1.5)
        assert len(client.answer().body) == 64 * PART_BYTES


def test_what_follows_an_early_answer_is_not_a_request(served: Served) -> None:
    smuggled = GET % b"/watch?id=smuggled"
    with served.connect() as client:
        client.send(post("/unauthorised?id=first", 70_000))
        assert client.answer().status == 401
        client.send(b"x" * 70_000 + smuggled)
        assert client.is_closed_within(2)
    with served.connect() as client:
        client.send(post("/unauthorised", 70_000) + smuggled * 1000)
        assert client.answer().status == 401
        assert client.rest() == b""
    assert "began" not in served.notes("smuggled")


def test_a_client_that_did_not_wait_for_the_early_answer_keeps_nothing_open(served: Served) -> None:
    with served.connect() as client:
        client.send(post("/unauthorised", 100_000) + bytes(100_000))
        assert client.answer().status == 401
    until(lambda: served.state()["channels"] == 0, 0.5)


def send_all(client: Client, size: int) -> None:
    part = bytes(MEGABYTE)
    while size > 0:
        client.send(part[: min(size, MEGABYTE)])
        size -= MEGABYTE
