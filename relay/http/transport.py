"""Sockets, below what Twisted tells of them: written to at once, and asked how they are.

Twisted waits to be told that a socket is writable, which nearly every socket is: two system calls and a
callback for each part of an answer (measured: 15 % of the CPU of a stream).
"""

from __future__ import annotations

import array
import asyncio
import errno
import fcntl
import socket
import termios
from contextlib import suppress
from typing import Any

from twisted.internet import tcp

_FATAL = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT)
_CLOSE_WAIT = 8  # tcpi_state: the peer has closed its half


class Transport(tcp.Server):
    _is_scheduled = False

    def startWriting(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            # Not this instant: what is written until then goes out together.
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._is_scheduled = False
        if self.connected:
            self.reactor._readOrWrite(self, False)
        if self.connected and unsent_bytes(self):
            self.reactor.addWriter(self)


def hasten(port: Any) -> None:
    """Call before its first connection."""
    if type(port) is tcp.Port:
        port.transport = Transport


def unsent_bytes(transport: Any) -> int:
    """Written, but not taken by the kernel."""
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen


def bytes_in_kernel(transport: Any) -> int:
    """Sent, but not acknowledged by the client. Kernels ask for more only after a third of them is."""
    found = array.array("i", [0])
    with suppress(OSError):
        fcntl.ioctl(transport.fileno(), termios.TIOCOUTQ, found)
    return found[0]


def has_failed(transport: Any) -> bool:
    """Whether it was reset. uvloop tells that once, and not again when there was still something to read."""
    return transport.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in _FATAL


def is_half_closed(transport: Any) -> bool:
    """By the other side; False where the system does not tell (a Unix socket, not Linux)."""
    with suppress(OSError, AttributeError):
        info = transport.getHandle().getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return info[0] == _CLOSE_WAIT
    return False
