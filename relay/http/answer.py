"""How the answer of an ASGI application leaves: each part when the socket has taken the ones before.

An answer that cannot be finished honestly is cut, so that no client takes half of it for the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from daphne import http_protocol
from twisted.web import http

if TYPE_CHECKING:
    from relay.http.channel import Channel

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b" % (status, _PHRASES.get(status, b"")) for status in range(200, 600)
}
_FRAMING = frozenset((b"connection", b"content-length", b"transfer-encoding"))


class ClientGone(ConnectionError):
    """There is nobody to send to any more."""


class Answer(http_protocol.WebRequest):
    """The half of a request that goes out; `request` has the other."""

    channel: Channel
    has_begun = False
    _is_received = False  # the whole body of the request has come
    _has_body = True
    _length: int | None = None  # of the body, where the application has said it
    _changed: asyncio.Event | None = None

    async def send(self, message: dict[str, Any]) -> None:
        """Of ASGI."""
        if self._disconnected:
            raise ClientGone
        if self.finished:
            return
        if message["type"] == "http.response.body":
            has_more = message.get("more_body", False)
            self._write_body(message.get("body", b""), has_more)
            while has_more and not self.is_over and self.channel.is_write_blocked:
                await self._change()
        elif message["type"] == "http.response.start" and not self.has_begun:
            self._write_head(message["status"], message.get("headers", ()))
        else:
            raise ValueError(f"{message['type']} cannot be sent now")

    @property
    def is_over(self) -> bool:
        return bool(self.finished or self._disconnected)

    def cut(self) -> None:
        """The application ended, or failed, before its answer was whole."""
        if self.has_begun:
            self.channel.transport.abortConnection()
        else:
            message = "The relay failed on this request. The log of the relay has the details."
            self.channel.refuse(500, "relay_error", message)

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        self._changed.clear()
        await self._changed.wait()

    def wake(self) -> None:
        """Something changed for those who wait in `send` or `receive`."""
        if self._changed is not None:
            self._changed.set()

    def _write_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines, length = [_STATUS_LINES[status]], None
        for name, value in headers:
            lower = name.lower()
            if lower not in _FRAMING:
                lines.append(name + b": " + value)
            elif lower == b"content-length":
                length = int(value)
            elif value.lower() == b"close":
                self.channel.persistent = 0
        lines += self._frame(status, length)
        head = b"\r\n".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines) - 1:
            raise ValueError("A header of the answer contains a line break")
        self.has_begun = True
        self.channel.transport.write(head + b"\r\n\r\n")

    def _frame(self, status: int, length: int | None) -> list[bytes]:
        """How the client finds the end of this answer, and whether another one can follow."""
        channel, lines = self.channel, []
        self.code = status
        self._has_body = self.method != b"HEAD" and status not in http.NO_BODY_CODES
        self._length = length if self._has_body else None
        self.chunked = self._has_body and length is None and self.clientproto == b"HTTP/1.1"
        if length is not None and status != 204:  # RFC 9110, 8.6
            lines.append(b"content-length: %d" % length)
        if self.chunked:
            lines.append(b"transfer-encoding: chunked")
        # What is left of a body the application did not want would be taken for the next request.
        if self.server.is_draining or not self._is_received:
            channel.persistent = 0
        if not channel.persistent:
            lines.append(b"connection: close")
        return lines

    def _write_body(self, data: bytes, has_more: bool) -> None:
        if not self.has_begun:
            raise ValueError("The answer has no head yet")
        if self._has_body:
            self.sentLength += len(data)
            if self._length is not None and self.sentLength > self._length:
                raise ValueError("The answer is longer than its content-length")
            if self.chunked:
                data = _chunk(data, has_more)
            if data:
                self.channel.transport.write(data)
        if not has_more:
            self._finish()

    def _finish(self) -> None:
        if self._length is not None and self.sentLength != self._length:
            raise ValueError("The answer is shorter than its content-length")
        self.finished = 1
        self.wake()
        if self.server.action_logger:
            self._log_access()
        if not self._is_received:
            self.channel.ignore_rest()
        self.channel.end_turn(self)

    def _log_access(self) -> None:
        client = self.channel.client_address
        details = {
            "client": "{}:{}".format(*client) if client else None,
            "method": self.method.decode("ascii"),
            "path": self.uri.decode("ascii"),
            "status": self.code,
            "size": self.sentLength,
        }
        self.server.log_action("http", "complete", details)


def _chunk(data: bytes, has_more: bool) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
    return chunk if has_more else chunk + b"0\r\n\r\n"
