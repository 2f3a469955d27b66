"""Daphne with its gaps closed (measured on Daphne 4.2.3, Twisted 26.10).

1. It never waits for the socket: a client that stops reading fills our memory. Here `send` waits.
2. An exception after the answer has begun leaves the client hanging. Here the connection is cut at once.
3. Twisted takes a whole body before anyone sees its headers, and spools it in clear to a temporary file.
   Here large bodies are handed over in parts.
4. Twisted answers malformed requests with a bare status line, and waits for slow senders for ever.

`answer` has the first two, `request` the third, `channel` the last.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from daphne import server as daphne_server
from daphne import ws_protocol
from twisted.internet import defer, reactor
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    STDLibLogObserver,
    globalLogPublisher,
)

from proxy.delivery.bodies import Broken
from relay.http.answer import ClientGone
from relay.http.channel import Channel, Factory
from relay.http.patience import Patience, observe
from relay.http.request import Request
from relay.http.transport import hasten

log = logging.getLogger("relay.server")

_POLL_SECONDS = 0.05
# Whoever used a connection within the last second may be about to use it again.
_WARM_SECONDS = 1.0
_SERVICE_RESTART = 1012  # IANA, WebSocket close codes


class WebSocket(ws_protocol.WebSocketProtocol):
    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            # Daphne drops the reason.
            self.sendClose(message.get("code", 1000), message.get("reason") or None)
        else:
            super().handle_reply(message)

    def onClose(self, was_clean: bool, code: int, reason: str) -> None:
        if hasattr(self, "server"):  # otherwise its handshake failed before Daphne knew of it
            super().onClose(was_clean, code, reason)


class WebSocketFactory(ws_protocol.WebSocketFactory):
    protocol = WebSocket


# Daphne sends Twisted's log nowhere, and with it what fails inside a callback.
_FAILURES = FilteringLogObserver(
    STDLibLogObserver("relay.server"), [LogLevelFilterPredicate(LogLevel.critical)]
)


class Server(daphne_server.Server):
    """Websockets stay Daphne's, in `connections`; HTTP is ours, in `channels` and `calls`."""

    patience = Patience()
    is_draining = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "server_name": ""})
        self.ports: list[Any] = []
        self.channels: set[Channel] = set()  # connections that speak HTTP
        self.calls: dict[asyncio.Task[None], Request] = {}  # applications that run
        self.upgrade: Callable[[Request], bool] = lambda request: False
        self._over_since: dict[asyncio.Task[None], float] = {}

    def run(self) -> None:
        # Daphne's `run` makes the factories itself, by these names.
        daphne_server.HTTPFactory = Factory
        daphne_server.WebSocketFactory = WebSocketFactory
        globalLogPublisher.addObserver(_FAILURES)
        reactor.callLater(0, self._sweep)
        super().run()

    def adopt(self, listener: socket.socket) -> None:
        """Listens there too, on a copy. (No endpoint of Twisted's knows IPv6 descriptors.)"""
        self.take(reactor.adoptStreamPort(listener.fileno(), listener.family, self.http_factory))

    def take(self, port: Any) -> None:
        hasten(port)
        self.ports.append(port)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.take(port)

    def start(self, request: Request, scope: dict[str, Any]) -> None:
        work = self.application(scope, request.receive, request.send)
        task = asyncio.get_running_loop().create_task(work)
        self.calls[task] = request
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        request = self.calls.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Broken | ClientGone):
            log.error("The application failed", exc_info=error)
        if not request.is_over:
            request.cut()

    # Now and then

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.patience.interval, self._sweep)
        now = loop.time()
        for channel in list(self.channels):
            self.patience.enforce(channel, now)
        self._cancel_remnants(now)

    def _cancel_remnants(self, now: float) -> None:
        """Applications that go on although nobody waits for them."""
        over = [task for task, request in self.calls.items() if request.is_over]
        self._over_since = {task: self._over_since.get(task, now) for task in over}
        for task, since in self._over_since.items():
            if now - since > self.application_close_timeout:
                task.cancel()

    # The end

    def stop_listening(self) -> None:
        """From here on every answer tells its client not to come back on this connection."""
        self.is_draining = True
        for port in self.ports:
            port.stopListening()
        for websocket in self._open_websockets():
            websocket.sendCloseFrame(code=_SERVICE_RESTART)

    async def becomes_idle(self, seconds: float) -> bool:
        """Once it no longer listens: whether all that is under way ends in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.calls or self.channels or self._open_websockets():
            if loop.time() > deadline:
                return False
            self._close_idle(loop.time())
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def _close_idle(self, now: float) -> None:
        for channel in list(self.channels):
            observe(channel, now)
            if channel.is_idle and now - channel.stage_began >= _WARM_SECONDS:
                channel.loseConnection()

    def _open_websockets(self) -> list[WebSocket]:
        return [one for one in self.connections if isinstance(one, WebSocket) and one.state == one.STATE_OPEN]

    def kill_all_applications(self) -> Any:
        sockets = [entry.get("application_instance") for entry in self.connections.values()]
        tasks = [*self.calls, *filter(None, sockets)]
        for task in tasks:
            task.cancel()
        return defer.Deferred.fromFuture(asyncio.gather(*tasks, return_exceptions=True))
