from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from relay.http import transport
from tests.relay.serving import GET, Served
from tests.waiting import until

Ends = tuple[socket.socket, socket.socket]


@dataclass
class Handle:
    """What the functions ask of a Twisted transport."""

    socket: socket.socket

    def getHandle(self) -> socket.socket:
        return self.socket

    def fileno(self) -> int:
        return self.socket.fileno()


@pytest.fixture
def ends() -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    with near, far:
        yield near, far


def test_a_connection_in_order_is_neither_failed_nor_closed(ends: Ends) -> None:
    near, far = ends
    far.sendall(b"hello")
    assert not transport.has_failed(Handle(near))
    assert not transport.is_half_closed(Handle(near))


def test_a_reset_shows_although_something_is_left_to_read(ends: Ends) -> None:
    near, far = ends
    far.sendall(b"hello")
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    until(lambda: transport.has_failed(Handle(near)), 1)


def test_a_close_shows_although_something_is_left_to_read(ends: Ends) -> None:
    near, far = ends
    far.sendall(b"hello")
    far.close()
    until(lambda: transport.is_half_closed(Handle(near)), 1)


def test_a_unix_socket_does_not_tell_that_it_is_half_closed() -> None:
    near, far = socket.socketpair()
    with near, far:
        far.shutdown(socket.SHUT_WR)
        assert not transport.is_half_closed(Handle(near))


def test_bytes_in_the_kernel_are_those_the_other_side_has_no_room_for(
    ends: Ends,
) -> None:
    near, far = ends
    assert transport.bytes_in_kernel(Handle(near)) == 0
    near.setblocking(False)
    with suppress(BlockingIOError):
        while near.send(bytes(65536)):
            pass
    assert transport.bytes_in_kernel(Handle(near)) > 0
    far.settimeout(5)
    until(lambda: transport.bytes_in_kernel(Handle(near)) == 0 or not far.recv(65536), 5)


def test_parts_written_in_one_go_leave_together(served: Served) -> None:
    with served.connect() as client:
        client.send(GET % b"/ok")
        assert client.socket.recv(65536).endswith(b"\r\n\r\nok")


def test_a_part_that_does_not_fit_into_the_socket_follows_later(served: Served) -> None:
    with served.connect(receive_buffer_bytes=4096) as client:
        assert client.get("/large?parts=100").body == b"0123456789abcdef" * 4096 * 100
