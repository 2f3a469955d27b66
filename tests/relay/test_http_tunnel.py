"""Websockets from a worker to the console: one real server hands its connections to another."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.relay.serving import Client, Served, listen_on_tcp, listen_on_unix
from tests.relay.test_http_server import frame, read_frame, upgrade
from tests.waiting import until

HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("t") / "console"


@pytest.fixture(scope="module")
def console(path: Path) -> Iterator[Served]:
    server = Served(listen_on_unix(path))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def worker(console: Served, path: Path) -> Iterator[Served]:
    server = Served(listen_on_tcp(), "--console", str(path))
    yield server
    server.stop()


class Far:
    """A console in the test's own hands."""

    def __init__(self, path: Path) -> None:
        self._listener = listen_on_unix(path)
        self._listener.setblocking(True)
        self._listener.settimeout(10)

    def accept(self) -> socket.socket:
        connection, _ = self._listener.accept()
        connection.settimeout(10)
        return connection

    def switch(self, client: Client) -> socket.socket:
        """The console's end of a websocket of `client`."""
        client.send(HANDSHAKE + b"\r\n")
        connection = self.accept()
        read_head(connection)
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        assert client.head() == (101, [])
        return connection

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def far_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("far") / "socket"


@pytest.fixture
def far(far_path: Path) -> Iterator[Far]:
    far = Far(far_path)
    yield far
    far.close()
    far_path.unlink()


@pytest.fixture(scope="module")
def near(far_path: Path) -> Iterator[Served]:
    """A worker whose console is `far`."""
    server = Served(listen_on_tcp(), "--console", str(far_path), "--trusted", "127.0.0.1")
    yield server
    server.stop()


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    return head


def test_a_websocket_is_served_by_the_console(worker: Served, console: Served) -> None:
    with worker.connect() as client:
        upgrade(client, "/chat?id=far")
        for word in (b"one", b"two"):
            client.send(frame(word))
            assert read_frame(client) == (0x81, word)
        assert worker.state()["connections"] == 0
        assert console.state("far")["connections"] >= 1


def test_the_console_sees_at_once_that_the_client_left(worker: Served, console: Served) -> None:
    with worker.connect() as client:
        upgrade(client, "/chat?id=left")
    until(lambda: console.state("left")["notes"].get("was_left"), 1)


def test_a_close_of_the_console_reaches_the_client(worker: Served) -> None:
    with worker.connect() as client:
        upgrade(client, "/chat")
        client.send(frame(b"bye"))
        assert read_frame(client)[0] == 0x88
        client.send(b"\x88\x80\0\0\0\0")
        assert client.is_closed_within(2)


def test_bytes_pass_raw_in_both_directions(near: Served, far: Far) -> None:
    up, down = os.urandom(3_000_000), os.urandom(3_000_000)
    with (
        near.connect() as client,
        far.switch(client) as connection,
        ThreadPoolExecutor() as pool,
        connection.makefile("rb") as file,
    ):
        pool.submit(client.send, up)
        pool.submit(connection.sendall, down)
        arrived = pool.submit(file.read, len(up))
        assert client.read(len(down)) == down
        assert arrived.result() == up


def test_a_console_that_reads_nothing_blocks_the_client(near: Served, far: Far) -> None:
    resting_bytes = near.rss_bytes
    with near.connect() as client, far.switch(client) as connection:
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.send(bytes(50_000_000))
        assert near.rss_bytes - resting_bytes < 4_000_000
        client.reset()
        time.sleep(1.5)  # it is noticed with the tunnel still full
        with connection.makefile("rb") as file:
            while file.read1():
                pass


def test_a_client_that_reads_nothing_blocks_the_console(near: Served, far: Far) -> None:
    resting_bytes = near.rss_bytes
    with near.connect(receive_buffer_bytes=4096) as client, far.switch(client) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.sendall(bytes(50_000_000))
        assert near.rss_bytes - resting_bytes < 4_000_000


def test_the_console_learns_who_the_client_is(near: Served, far: Far) -> None:
    with near.connect() as client:
        client.send(HANDSHAKE + b"x-relay-client: 1.2.3.4 5\r\nx_relay_client: 1.2.3.4 5\r\n\r\n")
        with far.accept() as connection:
            head = read_head(connection)
        address, port = client.socket.getsockname()
    assert f"x-relay-client: {address} {port}\r\n".encode() in head
    assert b"1.2.3.4" not in head


def test_the_console_learns_what_a_trusted_proxy_says_of_the_client(near: Served, far: Far) -> None:
    with near.connect() as client:
        client.send(HANDSHAKE + b"x-forwarded-for: 9.9.9.9, 127.0.0.1\r\nx-forwarded-proto: https\r\n\r\n")
        with far.accept() as connection:
            head = read_head(connection)
    assert b"x-relay-client: 9.9.9.9 0\r\nx-relay-scheme: https\r\n" in head


def test_the_client_cannot_speak_to_the_console_before_it_has_switched(near: Served, far: Far) -> None:
    """What the console reads as HTTP on its own socket it takes for the word of a worker."""
    with near.connect() as client:
        client.send(HANDSHAKE + b"\r\n")
        with far.accept() as connection:
            read_head(connection)
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
            assert client.answer().body == b"no"
            client.send(b"GET /admin/ HTTP/1.1\r\nhost: localhost\r\nx-relay-client: 127.0.0.1 1\r\n\r\n")
            connection.settimeout(0.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)


@pytest.mark.parametrize(
    "head",
    [
        HANDSHAKE.replace(b"GET", b"POST") + b"content-length: 2\r\n\r\nhi",
        HANDSHAKE + b"content-length: 2\r\n\r\nhi",
        HANDSHAKE.replace(b"upgrade: websocket", b"upgrade: h2c") + b"\r\n",
        HANDSHAKE.replace(b"upgrade: websocket", b"upgrade: tls/1.0, websocket") + b"\r\n",
    ],
)
def test_only_a_bare_websocket_goes_through(near: Served, head: bytes) -> None:
    with near.connect() as client:
        client.send(head)
        assert client.answer().status == 200  # answered by the worker
        assert client.get("/ok").body == b"ok"


@pytest.mark.parametrize("target", [b"/v1/realtime", b"/v1", b"/%761/realtime?model=x", b"/v1/responses"])
def test_a_websocket_of_the_lane_stays_in_the_worker(near: Served, target: bytes) -> None:
    with near.connect() as client:
        client.send(HANDSHAKE.replace(b"/chat", target) + b"\r\n")
        assert client.head()[0] == 101
        client.send(frame(b"here"))
        assert read_frame(client) == (0x81, b"here")


def test_a_console_that_breaks_off_ends_the_client(near: Served, far: Far) -> None:
    with near.connect() as client:
        client.send(HANDSHAKE + b"\r\n")
        far.accept().close()
        assert client.is_closed_within(1)


def test_a_console_that_is_away_is_said_so_at_once(near: Served, far: Far) -> None:
    far.close()
    with near.connect() as client:
        began = time.monotonic()
        client.send(HANDSHAKE + b"\r\n")
        answer = client.answer()
        assert (answer.status, answer.header("connection")) == (502, "close")
        assert client.is_closed_within(1)
        assert time.monotonic() - began < 1


def test_a_tunnel_that_ended_leaves_nothing_behind(worker: Served, console: Served) -> None:
    until(lambda: worker.state()["channels"] == 0, 2)
    until(lambda: console.state()["connections"] == 0, 4)
    sockets = os.listdir(f"/proc/{worker.process.pid}/fd")
    with worker.connect() as client:
        upgrade(client, "/chat")
    until(lambda: len(os.listdir(f"/proc/{worker.process.pid}/fd")) <= len(sockets), 2)
