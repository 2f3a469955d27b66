from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from logs_app.sinks.client import Client, address, retry_after
from logs_app.sinks.sink import Refused, SinkError, Unreachable
from tests.receiver import HANG, RESET, Answer, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def new_client(receiver: Receiver) -> Iterator[Callable[..., Client]]:
    clients = []

    def new(url: str = "", **options: object) -> Client:
        clients.append(Client(url or receiver.url, **options))
        return clients[-1]

    yield new
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("", "https://api.example/v1/in"),
        ("https://own.example", "https://own.example/v1/in"),
        ("https://own.example/", "https://own.example/v1/in"),
        ("https://own.example/base/", "https://own.example/base/v1/in"),
        ("https://own.example/v1/in", "https://own.example/v1/in"),
    ],
)
def test_an_endpoint_is_a_base_or_the_address_itself(endpoint: str, expected: str) -> None:
    assert address(endpoint, "https://api.example", "/v1/in") == expected


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("events.jsonl", "a URL"),
        ("ftp://own.example", "a URL"),
        ("http://own.example:port", "a URL"),
        ("https://user:secret@own.example", "password"),
        ("http://169.254.169.254", "link-local"),
        ("http://metadata.google.internal", "metadata"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_without_repeating_it(endpoint: str, words: str) -> None:
    with pytest.raises(SinkError, match=words) as refused:
        address(endpoint, "", "/v1/in")
    assert "secret" not in str(refused.value)


def test_connections_are_kept(receiver: Receiver, new_client: Callable[..., Client]) -> None:
    client = new_client(headers={"x-own": "1"})
    for _ in range(3):
        assert client.post(b'{"a":1}', {"x-call": "2"}) == {}
    assert receiver.connections == 1
    (first, *_) = receiver.requests
    assert (first.body, first.path) == (b'{"a":1}', "/")
    assert first.headers["user-agent"].startswith("llm-relay/")
    assert (first.headers["x-own"], first.headers["x-call"]) == ("1", "2")
    assert first.headers["content-type"] == "application/json"


def test_an_answer_that_is_no_json_is_a_good_one(new_client: Callable[..., Client], receiver) -> None:
    receiver.answers = [Answer(202, b"ok"), Answer(204, b"")]
    client = new_client()
    assert [client.post(b"{}"), client.post(b"{}")] == [None, None]


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_what_speaks_of_the_events_refuses_them(new_client, receiver, status: int) -> None:
    receiver.answers = [Answer(status, b'{"message": "no such\n thing"}')]
    with pytest.raises(Refused, match=rf'127\.0\.0\.1 answered {status}: \{{"message": "no such thing"\}}'):
        new_client().post(b"{}")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "key"),
        (403, "key"),
        (404, "right endpoint"),
        (402, "402"),
        (301, "Redirects"),
        (408, "408"),
        (429, "429"),
        (500, "500"),
        (503, "503"),
    ],
)
def test_after_anything_else_they_wait(new_client, receiver, status: int, words: str) -> None:
    receiver.answers = [Answer(status, b"", {"location": "http://127.0.0.1:1/"})]
    with pytest.raises(Unreachable, match=words):
        new_client().post(b"{}")
    assert len(receiver.requests) == 1


def test_they_wait_as_long_as_the_far_side_wants(new_client, receiver) -> None:
    receiver.answers = [Answer(429, headers={"retry-after": "7"})]
    with pytest.raises(Unreachable) as away:
        new_client().post(b"{}")
    assert away.value.after_seconds == 7


def test_a_secret_that_comes_back_is_not_told(new_client, receiver) -> None:
    receiver.answers = [Answer(401, b"Bad key sk-secret-1.")]
    with pytest.raises(Unreachable, match="Bad key …") as away:
        new_client(secret="sk-secret-1").post(b"{}")
    assert "sk-secret-1" not in str(away.value)


@pytest.mark.parametrize("fault", [HANG, RESET])
def test_who_does_not_answer_is_away(new_client, receiver, fault: str) -> None:
    receiver.answers = [fault]
    client = new_client(seconds=1.5)
    with pytest.raises(Unreachable, match="did not answer"):
        client.post(b"{}")
    assert client.post(b"{}") == {}


def test_who_drips_does_not_hold_anybody(new_client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        client = new_client(f"http://127.0.0.1:{server.getsockname()[1]}", seconds=0.5)
        dripping = Dripping(server)
        dripping.start()
        with pytest.raises(Unreachable, match="too long"):
            client.post(b"{}")
        dripping.join()


class Dripping:
    """Sends a byte of its answer now and then, until nobody listens any more."""

    def __init__(self, server: socket.socket) -> None:
        self._thread = threading.Thread(target=self._run, args=(server,), daemon=True)
        self.start, self.join = self._thread.start, self._thread.join

    def _run(self, server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):  # nobody listens any more
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            for _ in range(1000):
                connection.sendall(b" ")
                time.sleep(0.05)


def test_nobody_there_and_no_name_are_told_apart(new_client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="127.0.0.1 did not answer"):
        new_client(f"http://127.0.0.1:{port}").post(b"{}")
    with pytest.raises(Unreachable, match="its name cannot be resolved"):
        new_client("http://nowhere.invalid").post(b"{}")


def test_a_name_that_leads_inside_is_not_followed(new_client, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [inside])
    with pytest.raises(Unreachable, match="169.254.169.254, an internal address"):
        new_client("http://rebound.example").post(b"{}")


def test_no_proxy_of_the_environment_is_asked(new_client, receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert new_client().post(b"{}") == {}


def test_a_header_that_cannot_be_sent_refuses_only_its_event(new_client) -> None:
    with pytest.raises(Refused, match="cannot be sent"):
        new_client().post(b"{}", {"x-name": "Žofie"})


def test_a_wait_is_seconds_or_a_moment_and_never_absurd() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100))
    assert 90 < (retry_after(moment) or 0) <= 100
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [retry_after(text) for text in ("5", "99999999", "", "soon", "-1")] == [5, 3600, None, None, None]
