"""In a worker: hands a request that is not the lane's to the console process, through its Unix socket."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
from django.conf import settings
from yarl import URL

from proxy.headers import to_text, without_hop_by_hop
from relay.http import forwarded

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# This server answers Expect itself, when the body is first asked for.
NOT_FORWARDED = frozenset((b"expect", b"proxy-authorization"))
MAX_HEADER_BYTES = 64 * 1024
CONNECT_TIMEOUT_SECONDS = 5.0
START_PATIENCE_SECONDS = 10.0
# aiohttp's own additions; the client's headers go as they came.
NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
AWAY = b"The console is not answering. It is starting or restarting; try again in a moment.\n"


async def forward(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application. Bodies stream both ways; a client that leaves ends the call in the console too."""
    body = _Body(receive)
    exchange = asyncio.create_task(_exchange(scope, body, send))
    leaving = asyncio.create_task(body.client_leaves())
    try:
        await asyncio.wait((exchange, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (exchange, leaving):
            task.cancel()
        await asyncio.wait((exchange, leaving))
    if not exchange.cancelled():
        exchange.result()


class _Body:
    """The request's body in parts; once it is read, what is received next is the client's leaving."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_read = asyncio.Event()
        self.has_left = False

    async def parts(self) -> AsyncIterator[bytes]:
        more = True
        while more and not self.has_left:
            message = await self._receive()
            self.has_left = message["type"] == "http.disconnect"
            more = message.get("more_body", False)
            if part := message.get("body", b""):
                yield part
        self._is_read.set()
        if more:
            raise ConnectionAbortedError("the client left in the middle of its request")

    async def client_leaves(self) -> None:
        await self._is_read.wait()
        while not self.has_left:
            self.has_left = (await self._receive())["type"] == "http.disconnect"


async def _exchange(scope: Scope, body: _Body, send: Send) -> None:
    has_begun = False
    try:
        async with _session() as session, await _answer(session, await _request(scope, body)) as answer:
            headers = without_hop_by_hop(answer.raw_headers)
            has_begun = True
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async for part in answer.content.iter_any():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
    except (aiohttp.ClientError, TimeoutError) as error:
        if body.has_left:
            return
        logger.warning("the console did not answer %s %s: %r", scope["method"], scope["path"], error)
        if has_begun:
            raise  # the server cuts the connection: half an answer must not look whole
        await _send_away(send)


async def _answer(session: aiohttp.ClientSession, request: dict[str, Any]) -> aiohttp.ClientResponse:
    """Waits for a console that is starting; nothing is sent before a connection stands."""
    patience_ends_at = time.monotonic() + START_PATIENCE_SECONDS
    while True:
        try:
            return await session.request(**request)
        except aiohttp.ClientConnectorError:
            if time.monotonic() > patience_ends_at:
                raise
            await asyncio.sleep(0.1)


def _session() -> aiohttp.ClientSession:
    # A connection per request: a kept one could be closed by the console while we write to it.
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(str(settings.CONSOLE_SOCKET), force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
        auto_decompress=False,
        skip_auto_headers=NOT_ADDED,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


async def _request(scope: Scope, body: _Body) -> dict[str, Any]:
    raw_path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    target = b"/" + raw_path.removeprefix(b"/") + (b"?" + query if query else b"")
    has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
    if not has_body:
        async for _ in body.parts():
            pass  # nothing comes, but now the client's leaving can be seen
    kept = (header for header in forwarded.without_ours(scope["headers"]) if header[0] not in NOT_FORWARDED)
    headers = without_hop_by_hop(kept) + forwarded.to_console(scope)
    return {
        "method": scope["method"],
        "url": URL("http://console" + target.decode("latin-1"), encoded=True),
        "headers": to_text(headers),
        "data": body.parts() if has_body else None,
        "allow_redirects": False,
    }


async def _send_away(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"1")]
    headers.append((b"content-length", b"%d" % len(AWAY)))
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": AWAY})
