"""One request: the place where Twisted's callbacks and an ASGI application meet.

A body beyond `INLINE_BYTES` starts its application at once and is handed over in parts while the application
asks for them: it may answer first, nothing waits for the last byte, and nothing touches a disk.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from twisted.web import http

from relay.http.answer import Answer

if TYPE_CHECKING:
    from relay.http.channel import Channel

INLINE_BYTES = 64 * 1024
PART_BYTES = 256 * 1024

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_AUTHORITY = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)

Fault = tuple[int, str, str]


class Request(Answer):
    is_streamed = False
    expects_continue = False
    arrived_bytes = 0  # of a streamed body
    _waiting_bytes = 0  # of them, not taken yet
    _is_taken = False  # all of the body, by the application
    _is_waited_for = False
    client_addr = server_addr = None  # Daphne's, for websockets

    def __init__(self, channel: Channel, queued: bool = False) -> None:
        # Past Daphne's own, which would count it among its connections.
        http.Request.__init__(self, channel, queued)
        self.server = channel.server
        self._parts: list[bytes] = []

    # What Twisted calls while the request comes in

    def parseCookies(self) -> None:
        """The application does that, if it wants any."""

    def gotLength(self, length: int | None) -> None:
        if length is None or length > INLINE_BYTES:
            self.is_streamed = True
            channel = self.channel
            self._begin(channel._command, channel._path, channel._version)

    def handleContentChunk(self, data: bytes) -> None:
        self._parts.append(data)
        if self.is_streamed:
            self.arrived_bytes += len(data)
            self._waiting_bytes += len(data)
            if self._waiting_bytes >= PART_BYTES:
                self.channel.pause_upload()
            self.wake()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        # Twisted would parse forms here: a copy of every upload.
        self._is_received = True
        if self.is_streamed:
            self.wake()
        else:
            self._begin(command, path, version)

    def connectionLost(self, reason: Any) -> None:
        self.abandon()

    def abandon(self) -> None:
        """Nobody waits for this answer any more; the application learns it from `receive` or `send`."""
        self._disconnected = True
        self.wake()

    # The application starts

    def _begin(self, command: bytes, target: bytes, version: bytes) -> None:
        self.method, self.uri, self.clientproto = command, target, version
        self.channel.turn += 1
        self.process()

    def process(self) -> None:
        if fault := self._find_fault():
            self.channel.refuse(*fault)
        elif not self._wants_websocket():
            self.server.start(self, self.scope())
        elif not self.server.upgrade(self):
            self._become_websocket()

    def _find_fault(self) -> Fault | None:
        if not self.uri.startswith(b"/"):
            if not _AUTHORITY.match(self.uri):
                return 400, "invalid_target", "The request target must be a path or an http URL."
            self.uri = _origin_form(self.uri)
        if not self.uri.isascii():
            return 400, "invalid_target", "The request target must be percent-encoded."
        for _, values in self.requestHeaders.getAllRawHeaders():
            if any(map(_CONTROL.search, values)):
                return 400, "malformed_request", "A header contains a control character."
        return None

    def scope(self) -> dict[str, Any]:
        """Of ASGI."""
        self.path, _, query = self.uri.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": self.clientproto[5:].decode("ascii"),
            "method": self.method.decode("ascii"),
            "path": unquote(self.path.decode("ascii")),
            "raw_path": self.path,
            "query_string": query,
            "root_path": self.server.root_path,
            "scheme": "http",
            # Names with an underscore would pass for those with a hyphen further on (CVE-2015-0219).
            "headers": [
                (name.lower(), value)
                for name, values in self.requestHeaders.getAllRawHeaders()
                if b"_" not in name
                for value in values
            ],
            "client": self.channel.client_address,
            "server": self.channel.server_address,
            "extensions": {"relay.left": self.left},
        }

    def _wants_websocket(self) -> bool:
        """Other upgrades (h2c above all) are offers, which a server may ignore."""
        wishes = self.requestHeaders.getRawHeaders(b"Upgrade")
        if wishes is None:
            return False
        is_bare = self.method == b"GET" and not self.is_streamed and not self._parts
        return is_bare and wishes[0].lower() == b"websocket"

    def _become_websocket(self) -> None:
        channel = self.channel
        self.path = self.uri.partition(b"?")[0]
        self.content = BytesIO()
        self.server.protocol_connected(self)
        super().process()
        if self.transport is None:  # Daphne has handed it on
            self.server.channels.discard(channel)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Daphne's word when it refuses a websocket."""
        self.channel.refuse(status, "malformed_request", f"{body}.")

    # The application asks for the body

    async def receive(self) -> dict[str, Any]:
        """Of ASGI: the body, a small one in one message; after it the client's leaving."""
        if self.expects_continue:
            self._continue()
        while not self.is_over:
            if self._parts or (self._is_received and not self._is_taken):
                return self._take()
            self._is_waited_for = True
            await self._change()
        return {"type": "http.disconnect"}

    async def left(self) -> None:
        """Returns when the client has left or has its answer; takes nothing of the body."""
        while not self.is_over:
            await self._change()

    def _continue(self) -> None:
        self.expects_continue = False
        if not (self.is_over or self.has_begun or self._parts):
            self.channel.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self) -> dict[str, Any]:
        body = b"".join(self._parts)
        self._parts.clear()
        self._waiting_bytes = 0
        self._is_waited_for = False
        self._is_taken = self._is_received
        self.channel.resume_upload()
        return {"type": "http.request", "body": body, "more_body": not self._is_received}

    @property
    def waits_for_body(self) -> bool:
        """Whether it is the client's turn, or the application's."""
        return self._is_waited_for or not self.is_streamed


def _origin_form(target: bytes) -> bytes:
    """The path of an absolute URL (RFC 9112, 3.2.2)."""
    path = _AUTHORITY.sub(b"", target, count=1)
    return path if path.startswith(b"/") else b"/" + path
