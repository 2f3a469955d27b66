"""One process of `serve` that speaks HTTP: `--fd N` is a worker, `--console PATH` the console.

A worker serves the lane and hands everything else to the console, so that an admin page or an export never
takes the interpreter from the calls (measured: 2 010 → 202 requests/s with one busy thread beside the lane).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any

import uvloop

# Daphne makes its event loop when it is imported, and models need Django set up: the order is the point.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
from relay import asgi  # noqa: E402

# isort: split
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from twisted.internet import reactor, tcp, unix  # noqa: E402

from proxy import lane, runtime  # noqa: E402
from relay import warming  # noqa: E402
from relay.health import probes  # noqa: E402
from relay.http import console, tunnel  # noqa: E402
from relay.http.server import Server  # noqa: E402
from relay.metrics import publishing  # noqa: E402
from relay.processes import lifeline  # noqa: E402

log = logging.getLogger("relay.worker")

_END_SECONDS = 5.0
_CONSOLE_BACKLOG = 1024


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    lifeline.hold()
    role = Console(options.console) if options.console else Worker(options.fd, options.slot)
    reactor.callLater(0, lambda: asyncio.ensure_future(role.run()))
    role.server.run()
    return role.exit_code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="relay.worker", description=__doc__)
    role = parser.add_mutually_exclusive_group(required=True)
    role.add_argument("--fd", type=int, help="number of the inherited listening socket")
    role.add_argument("--console", metavar="PATH", help="Unix socket to listen on")
    parser.add_argument("--slot", default="0", help="place of this worker among the others")
    return parser.parse_args(arguments)


class Role:
    """From the start of a process to its end."""

    name: str

    def __init__(self, application: Any) -> None:
        # Daphne refuses to run without an endpoint; the listening is done in `listen`.
        self.server = Server(application, endpoints=["adopted"], signal_handlers=False)
        self.server.endpoints = []
        self.exit_code = 0

    async def run(self) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        try:
            await self.prepare()
            self.listen()
            lifeline.say_ready()
            log.info("%s is ready (pid %d)", self.name, os.getpid())
            await stopping.wait()
            await self.end()
        except Exception:
            log.critical("%s cannot go on", self.name, exc_info=True)
            self.exit_code = 1
        self.server.stop()

    async def prepare(self) -> None:
        """Before the first request."""

    def listen(self) -> None:
        raise NotImplementedError

    async def end(self) -> None:
        """Takes no new connection and finishes what is under way."""
        self.server.stop_listening()
        if not await self.server.becomes_idle(settings.GRACE_SECONDS):
            self.end_calls()
            await self.server.becomes_idle(_END_SECONDS)

    def end_calls(self) -> None:
        """GRACE_SECONDS are over."""


class Worker(Role):
    def __init__(self, descriptor: int, slot: str) -> None:
        super().__init__(asgi.behind_proxies(_apart))
        self.name = f"worker {slot}"
        self._descriptor = descriptor
        self.server.upgrade = tunnel.to_console(str(settings.CONSOLE_SOCKET), settings.TRUSTED_PROXIES)

    async def prepare(self) -> None:
        self._runtime = await runtime.current()
        snapshots = self._runtime.snapshots
        if lifeline.is_successor and snapshots.last_success is None:
            await snapshots.refresh()  # or fail: it would refuse what the other one answers
        self._publishing = asyncio.create_task(publishing.run(self.name, self._runtime))

    def listen(self) -> None:
        # Left open here it would hold the port while this process drains.
        with socket.socket(fileno=self._descriptor) as inherited:
            self.server.adopt(inherited)

    async def end(self) -> None:
        await super().end()
        self._publishing.cancel()
        await self._runtime.aclose()

    def end_calls(self) -> None:
        self._runtime.end_all()


async def _apart(scope: Any, receive: Any, send: Any) -> None:
    """The lane and its probes here, the rest in the console."""
    if scope["type"] != "http":
        await asgi.websockets(scope, receive, send)
    elif lane.takes(scope["path"]):
        await lane.handle(scope, receive, send)
    elif probes.takes(scope["path"]):
        await probes.answer(scope, send)
    else:
        await console.forward(scope, receive, send)


class Console(Role):
    name = "console"

    def __init__(self, path: str) -> None:
        super().__init__(asgi.console)
        self._path = path

    async def prepare(self) -> None:
        _keep_no_connection()
        import_module(settings.ROOT_URLCONF)  # all pages; else the first visitor would wait for them
        # Not waited for: who comes meanwhile waits for the rest of it only.
        self._warming = asyncio.create_task(asyncio.to_thread(warming.up))

    def listen(self) -> None:
        if os.path.exists(self._path):
            os.unlink(self._path)  # left by the console before
        port = ConsolePort(self._path, self.server.http_factory, _CONSOLE_BACKLOG, 0o600, reactor)
        port.startListening()
        self.server.take(port)

    async def end(self) -> None:
        """Replays make calls from here."""
        await super().end()
        if lane := runtime.built():
            await lane.aclose()

    def end_calls(self) -> None:
        if lane := runtime.built():
            lane.end_all()


def _keep_no_connection() -> None:
    """Under ASGI Django runs every request in a thread of its own: connections kept by threads that are gone
    pile up (20 after 300 requests).
    """
    for alias in connections:
        connections.settings[alias]["CONN_MAX_AGE"] = 0


class ConsolePort(unix.Port):
    def connectionLost(self, reason: Any) -> None:
        # Twisted would delete the file, which may be the next console's by now.
        tcp.Port.connectionLost(self, reason)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
