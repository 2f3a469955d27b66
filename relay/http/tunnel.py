"""Hands the raw connection of a websocket upgrade from a worker to the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any

from twisted.internet import protocol, reactor
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol

from proxy import lane
from relay.http import forwarded
from relay.http.console import AWAY
from relay.http.request import Request
from relay.http.transport import has_failed

CONNECT_TIMEOUT_SECONDS = 5
WATCH_SECONDS = 1.0
SWITCHED = b"HTTP/1.1 101 "


class Side(protocol.Protocol):
    """One end of the tunnel; what comes in here goes out at the other end, no faster than it is taken."""

    other: Side | None = None

    def connectionMade(self) -> None:
        self._watch()

    def _watch(self) -> None:
        """A reset does not always show itself."""
        if self.transport.connected:
            if has_failed(self.transport):
                self.transport.abortConnection()
            else:
                reactor.callLater(WATCH_SECONDS, self._watch)

    def join(self, other: Side) -> None:
        self.other, other.other = other, self
        self.transport.registerProducer(other.transport, True)
        other.transport.registerProducer(self.transport, True)

    def dataReceived(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        if self.other is not None:
            # A paused producer would keep it open for ever.
            self.other.transport.unregisterProducer()
            self.other.transport.loseConnection()


class ConsoleSide(Side):
    """Lets the client speak only once the console has switched protocols.

    Before that the console still reads HTTP, and takes everything on its socket for the word of a worker.
    """

    def __init__(self) -> None:
        self._head = b""

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        if len(self._head) < len(SWITCHED):
            self._head = (self._head + data)[: len(SWITCHED)]
            if self._head == SWITCHED and self.other is not None:
                self.other.transport.resumeProducing()


def to_console(socket_path: str, trusted_proxies: Iterable[str]) -> Callable[[Request], bool]:
    """For `Server.upgrade`: takes over every websocket that is not the lane's."""
    trusted = tuple(ip_network(text, strict=False) for text in trusted_proxies)

    def upgrade(request: Request) -> bool:
        scope = forwarded.from_proxies(request.scope(), trusted)
        if lane.takes(scope["path"]):
            return False
        client, transport = Side(), request.transport
        head = _head(scope, request.uri) + request.channel.hand_over(client)
        transport.pauseProducing()
        client.makeConnection(transport)
        endpoint = UNIXClientEndpoint(reactor, socket_path, timeout=CONNECT_TIMEOUT_SECONDS)
        connecting = connectProtocol(endpoint, ConsoleSide())
        connecting.addCallbacks(_join, _give_up, callbackArgs=(client, head), errbackArgs=(client,))
        return True

    return upgrade


def _head(scope: dict[str, Any], target: bytes) -> bytes:
    lines = [b"GET %b HTTP/1.1" % target]
    headers = forwarded.without_ours(scope["headers"]) + forwarded.to_console(scope)
    lines += [b"%b: %b" % header for header in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _join(console: Side, client: Side, head: bytes) -> None:
    console.transport.write(head)
    console.join(client)


def _give_up(failure: Any, client: Side) -> None:
    lines = (
        b"HTTP/1.1 502 Bad Gateway",
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(AWAY),
        b"retry-after: 1",
        b"connection: close",
    )
    client.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + AWAY)
    client.transport.loseConnection()
