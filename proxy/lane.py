"""The lane: a thin ASGI handler for /v1 and routes. Call the view, send what it returns.

No request of Django's, no middleware, no signal, no thread hop, no query. It waits for the client's leaving
beside the view, so that a call nobody waits for ends at once (guarantee 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from . import runtime, views
from .delivery import delivery
from .delivery.delivery import RelayResponse
from .request.endpoints import PREFIX
from .routing import routes

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Left = Callable[[], Awaitable[None]]


def takes(path: str) -> bool:
    """All under /v1, and what lies under the prefix of a route."""
    return path.startswith(PREFIX) or path == "/v1" or _is_routed(path)


async def will_take(path: str) -> bool:
    """The same in a process that does not know the routes before its first call."""
    if takes(path):
        return True
    if not routes.is_reserved(path):
        await runtime.current()
    return takes(path)


def _is_routed(path: str) -> bool:
    """In the console, which has no runtime, nothing is: a worker has looked before it asked."""
    holding = runtime.built()
    if holding is None or routes.is_reserved(path):
        return False
    return routes.find(holding.snapshots.current.routes, path) is not None


async def handle(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    client = Client(receive, scope.get("extensions", {}).get("relay.left"))
    try:
        response = await views.call(scope, client)
        await _send(response, send)
    except asyncio.CancelledError:
        if not client.has_left:
            raise
    finally:
        client.unwatch()


async def _send(response: RelayResponse, send: Send) -> None:
    body = response.delivery
    try:
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        try:
            async for part in body.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except asyncio.CancelledError:
            words = body.last_words()
            if words is None or not delivery.is_cancelled_by_relay(body.exchange):
                raise
            await send({"type": "http.response.body", "body": words, "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        body.close()


class Client:
    """The far side of the connection: its body in parts, and its leaving."""

    def __init__(self, receive: Receive, left: Left | None = None) -> None:
        """`left` returns when the client has left; without it that shows only where its body is asked for."""
        self._receive = receive
        self._left = left
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self.has_left = False

    async def parts(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._leave()
                await asyncio.sleep(0)  # where the cancellation arrives, if this is the task of the call
                raise ConnectionAbortedError("the client left in the middle of its request")
            more = message.get("more_body", False)
            if self._watcher is None and (self._left or not more):
                self._watcher = asyncio.get_running_loop().create_task(self._watch())
            if part := message.get("body", b""):
                yield part

    def unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        if self._left is not None:  # seen even while a provider does not take the body
            await self._left()
        else:
            while (await self._receive())["type"] != "http.disconnect":
                pass
        self._leave()

    def _leave(self) -> None:
        if not self.has_left:
            self.has_left = True
            if self._task is not None:
                self._task.cancel()
