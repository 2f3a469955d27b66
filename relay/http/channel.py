"""One connection: Twisted's reading of HTTP/1.1, with its refusals and its end made ours.

Twisted answers what it cannot read with a bare status line, waits for ever for the end of a line, and closes
while a client is still sending, which destroys the answer on its way. Here a refusal is a JSON error, and a
connection that ends early lingers: what still comes is thrown away until the client has had time to read.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

import orjson
from daphne import http_protocol
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.protocols.basic import LineReceiver
from twisted.web import http
from zope.interface import implementer

from accounts.errorobject import error_object
from logs_app import identifiers
from relay.http.request import Request
from relay.http.transport import unsent_bytes

MAX_HEADER_BYTES = 64 * 1024
# Longer ones do not fit into a signed 64-bit size.
_LENGTH_DIGITS = 18
_METHOD_START = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}( |\Z)")


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    totalHeadersSize = MAX_LENGTH = MAX_HEADER_BYTES
    requestFactory = Request

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0  # number of requests so far
        self.stage: tuple[Any, ...] = ()  # kept by `patience`
        self.stage_began = 0.0
        self._is_lingering = False
        self._is_upload_paused = False
        self._finished: Request | None = None  # answered, but not yet taken by the client

    def connectionMade(self) -> None:
        super().connectionMade()
        self.server = self.factory.server
        self.client_address = _address(self.transport.getPeer())
        self.server_address = _address(self.transport.getHost())
        self.server.channels.add(self)

    def connectionLost(self, reason: Any) -> None:
        self.server.channels.discard(self)
        super().connectionLost(reason)
        self.requests.clear()

    # The request comes in

    def dataReceived(self, data: bytes) -> None:
        LineReceiver.dataReceived(self, data)
        if self._buffer and self.line_mode:
            self._check_unfinished_line()

    def _check_unfinished_line(self) -> None:
        """Whoever does not speak HTTP (a TLS handshake on the plain port, bare LF) never ends a line."""
        is_first = not self.requests
        if b"\n" in self._buffer or (is_first and not _METHOD_START.match(self._buffer[:33] + b" ")):
            self._respondToBadRequestAndDisconnect()

    def lineReceived(self, line: bytes) -> None:
        if line[:1] in (b" ", b"\t"):  # a folded header: RFC 9112, 5.2 lets a server reject it
            self._respondToBadRequestAndDisconnect()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(431, "headers_too_large", f"A header line is longer than {MAX_HEADER_BYTES} bytes.")

    def _respondToBadRequestAndDisconnect(self) -> None:
        if self._receivedHeaderSize > self.totalHeadersSize:
            self.refuse(431, "headers_too_large", f"The headers are larger than {MAX_HEADER_BYTES} bytes.")
        elif self._receivedHeaderCount > self.maxHeaders:
            self.refuse(431, "too_many_headers", f"There are more than {self.maxHeaders} headers.")
        else:
            self.refuse(400, "malformed_request", "This is not a valid HTTP/1.1 request.")

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        # Twisted lets `identity` pass, and a length whose digits Python does not convert raises.
        is_odd_coding = header == b"Transfer-Encoding" and data.lower() != b"chunked"
        if is_odd_coding or (header == b"Content-Length" and len(data) > _LENGTH_DIGITS):
            return self._failChooseTransferDecoder()
        return super()._maybeChooseTransferDecoder(header, data)

    def checkPersistence(self, request: Request, version: bytes) -> bool:
        wishes = request.requestHeaders.getRawHeaders(b"Connection", ())
        return version == b"HTTP/1.1" and not any(b"close" in wish.lower() for wish in wishes)

    def _send100Continue(self) -> None:
        if self.requests[-1].is_streamed:
            self.requests[-1].expects_continue = True  # for when the application asks for the body
        else:
            super()._send100Continue()

    def pause_upload(self) -> None:
        self._is_upload_paused = True
        self._networkProducer.pauseProducing()

    def resume_upload(self) -> None:
        if self._is_upload_paused:
            self._is_upload_paused = False
            self._networkProducer.resumeProducing()

    # The answer goes out

    @property
    def is_write_blocked(self) -> bool:
        """The client does not take what was written: nothing more should be."""
        return self._waitingForTransport

    def end_turn(self, request: Request) -> None:
        """The next pipelined request waits until this answer is taken: they could be a thousand."""
        if self._waitingForTransport and self.persistent:
            self._finished = request
        else:
            self.requestDone(request)

    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self._is_upload_paused:
            self._networkProducer.pauseProducing()
        if self._finished is not None:
            done, self._finished = self._finished, None
            self.requestDone(done)
        elif self.requests:
            self.requests[0].wake()

    # The end

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answers in the application's place, and closes. An answer that has begun can only be cut."""
        request = self.requests[0] if self.requests else None
        if request is not None and request.has_begun:
            self.transport.abortConnection()
            return
        self.transport.write(_refusal(status, code, message))
        if request is not None:
            request.abandon()
        self.ignore_rest()
        self.loseConnection()

    def ignore_rest(self) -> None:
        """Nothing of what still comes is a request. Call before the connection is closed."""
        self.persistent = 0
        self._is_lingering = True
        self._buffer = b""
        self.dataReceived = _ignore  # type: ignore[method-assign]

    def loseConnection(self) -> None:
        if not self._is_lingering:
            super().loseConnection()
        elif self.transport is not None:
            self._networkProducer.unregisterProducer()
            self._networkProducer.resumeProducing()
            self.transport.loseWriteConnection()

    def writeConnectionLost(self) -> None:
        """All is sent and our half is closed; the client gets a moment to read it."""
        loop, transport = asyncio.get_running_loop(), self.transport
        loop.call_later(self.server.patience.linger, transport.loseConnection)

    def readConnectionLost(self) -> None:
        # The client closed its half. Nobody half-closes HTTP/1.1 to wait for an answer.
        if self.requests and not self._is_lingering:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    def hand_over(self, protocol: Any) -> bytes:
        """Another protocol takes the connection; returns what came after the request's head."""
        self.server.channels.discard(self)
        self.transport.unregisterProducer()
        self.transport.protocol = protocol
        return self.clearLineBuffer()

    # How it stands

    @property
    def is_busy(self) -> bool:
        """With a request, or with the first bytes of one."""
        return bool(self.requests or self._buffer) and not self._is_lingering

    @property
    def is_idle(self) -> bool:
        return not (self.is_busy or self._is_lingering or unsent_bytes(self.transport))

    @property
    def awaits_head(self) -> bool:
        return self.is_busy and bool(self.line_mode) and not self._handlingRequest

    @property
    def awaits_body(self) -> bool:
        """A slow provider may slow its client down for as long as it likes: only that we wait counts."""
        is_incomplete = self.is_busy and not (self.line_mode or self._handlingRequest)
        return is_incomplete and self.requests[0].waits_for_body


class Factory(http_protocol.HTTPFactory):
    protocol = Channel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = None  # Twisted's own; `patience` has ours

    def buildProtocol(self, address: Any) -> Channel:
        return http.HTTPFactory.buildProtocol(self, address)


def _refusal(status: int, code: str, message: str) -> bytes:
    body = orjson.dumps({"error": error_object(status, code, message)})
    lines = (
        b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode()),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"x-relay-request-id: " + identifiers.as_text(identifiers.uuid7()).encode(),
        b"connection: close",
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _address(of: Any) -> list[Any] | None:
    """As ASGI wants it; a Unix socket has none."""
    return [str(of.host), of.port] if hasattr(of, "port") else None


def _ignore(data: bytes) -> None:
    return None
