"""The way to the providers: one pooled client per process, which adds nothing and keeps nothing.

httpx requests travel over the httpx-aiohttp transport. httpx-aiohttp maps every failure to httpx's names
in a way that hides whether the provider can have seen the request, so `Transport` classifies by aiohttp's
own exceptions instead: NotSent, MaybeSent, MidStream (proxy/errors.py).
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import lru_cache, partial

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from accounts import trust
from logs_app.internaladdresses import is_internal

from .. import errors
from ..errors import MaybeSent, MidStream, NotSent, RelayError, UpstreamError
from ..headers import RawHeaders
from .addresses import Resolver
from .answer import Answer

Body = bytes | AsyncIterator[bytes]

# aiohttp would send these of its own accord.
_AUTO_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
_KEEPALIVE_SECONDS = 30
_MAX_HEADER_BYTES = 64 * 1024
_REMEMBERED_CHARACTERS = 250  # longer addresses are not worth the memory


class Upstream:
    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        allows_internal: Callable[[str], bool] = lambda host: False,
    ) -> None:
        """`allows_internal` tells of a host whether its name may lead to an internal address."""
        self._transport = transport or Transport(allows_internal=allows_internal)

    async def send(
        self,
        method: str,
        url: str,
        headers: RawHeaders,
        body: Body | None,
        *,
        length: int | None = None,
        connect_seconds: float | None,
        first_byte_seconds: float | None,
        idle_seconds: float | None,
    ) -> Answer:
        """Returns when the head of the answer is there. Raises NotSent or MaybeSent.

        `length` is the size of a body that comes in parts, when the client told it.
        """
        if length is not None and not isinstance(body, bytes | None):
            headers = [*headers, (b"content-length", b"%d" % length)]
        try:
            async with asyncio.timeout(first_byte_seconds) as deadline:
                if first_byte_seconds is not None and not isinstance(body, bytes | None):
                    body = _timed(body, deadline, first_byte_seconds)
                request = _request(method, url, headers, body, connect_seconds)
                response = await self._transport.handle_async_request(request)
        except TimeoutError as error:
            raise MaybeSent("upstream_timeout", f"no answer within {first_byte_seconds:g} seconds") from error
        except httpx.TransportError as error:
            raise _classified(error) from error
        answer = Answer(response, idle_seconds)
        if not 200 <= answer.status <= 599:
            answer.close()
            raise MaybeSent("upstream_invalid", f"the status {answer.status}")
        return answer

    async def aclose(self) -> None:
        await self._transport.aclose()


class Transport(AiohttpTransport):
    """No cookie jar, no redirects, no ceiling of connections, no header of its own, bytes as they come."""

    def __init__(
        self, verify: ssl.SSLContext | None = None, *, allows_internal: Callable[[str], bool]
    ) -> None:
        self._allows_internal = allows_internal
        super().__init__(verify=verify or trust.context(), client=self._open_session)

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            ssl=self.ssl_context,
            ttl_dns_cache=60,
            resolver=Resolver(self._allows_internal),
        )
        connector._factory = partial(_Connection, loop=asyncio.get_running_loop())  # type: ignore[assignment]
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            auto_decompress=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        host = request.extensions["url"].host or ""
        if is_internal(host) and not self._allows_internal(host):
            raise NotSent("upstream_unreachable", f"{host} is an internal address, which it does not allow")
        try:
            response = await self.client.request(
                request.method,
                request.extensions["url"],
                headers=_sent(request),
                data=_content(request),
                allow_redirects=False,
                timeout=_timeout(request.extensions["connect_seconds"]),
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, RelayError):  # the upload was refused while it was sent
                raise error.__cause__ from None
            raise _classified(error) from error
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Parts(response))


class _Connection(ResponseHandler):
    """Of what is not HTTP aiohttp 3.14 tells only the next answer; who reads this one would wait for ever."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        error, body = self.exception(), self._payload
        if isinstance(error, HttpProcessingError) and body is not None and not body.is_eof():
            body.set_exception(aiohttp.ClientPayloadError(error.message))

    def close(self) -> None:
        # Closing first sends what is left of an upload, for ever to a provider that does not take it.
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.abort()
        else:
            super().close()


class _Parts(httpx.AsyncByteStream):
    """Whoever is cancelled while he waits for a part may ask again: an async generator would be over."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            part = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise MidStream("upstream_truncated", _words(error)) from error
        if not part:
            raise StopAsyncIteration
        return part

    def close(self) -> None:
        self._response.close()


async def _timed(
    parts: AsyncIterator[bytes], deadline: asyncio.Timeout, seconds: float
) -> AsyncIterator[bytes]:
    """An upload during which the provider's time runs only while it is the provider that takes its time."""
    loop = asyncio.get_running_loop()
    with suppress(RuntimeError):  # the answer came before the upload ended: there is no deadline any more
        deadline.reschedule(None)
    async for part in parts:
        with suppress(RuntimeError):
            deadline.reschedule(loop.time() + seconds)
        yield part
        with suppress(RuntimeError):
            deadline.reschedule(None)
    with suppress(RuntimeError):
        deadline.reschedule(loop.time() + seconds)


def _request(
    method: str, url: str, headers: RawHeaders, body: Body | None, connect_seconds: float | None
) -> httpx.Request:
    is_short = len(url) <= _REMEMBERED_CHARACTERS
    try:
        address = _httpx_url(url) if is_short else httpx.URL(url)
        exact = _exact_url(url) if is_short else URL(url, encoded=True)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotSent("upstream_unreachable", f"its address cannot be used ({_words(error)})") from error
    extensions = {"url": exact, "connect_seconds": connect_seconds, "timeout": {"connect": connect_seconds}}
    return httpx.Request(method, address, headers=headers, content=body, extensions=extensions)


def _sent(request: httpx.Request) -> list[tuple[str, str]]:
    """Host and the framing of the body are aiohttp's to write. It writes text, as UTF-8."""
    raw = [h for h in request.headers.raw if h[0].lower() not in (b"host", b"transfer-encoding")]
    try:
        return [(name.decode(), value.decode()) for name, value in raw]
    except UnicodeDecodeError:
        return [(name.decode(), value.decode("latin-1")) for name, value in raw]


def _content(request: httpx.Request) -> bytes | AsyncIterator[bytes] | None:
    if isinstance(request.stream, httpx.ByteStream):
        return request.read() or None
    return aiter(request.stream)  # type: ignore[arg-type]


@lru_cache(maxsize=256)
def _timeout(connect_seconds: float | None) -> aiohttp.ClientTimeout:
    """`connect` is name lookup, TCP and TLS together; a pooled connection skips it."""
    return aiohttp.ClientTimeout(total=None, connect=connect_seconds, ceil_threshold=3600)


@lru_cache(maxsize=1024)
def _httpx_url(url: str) -> httpx.URL:
    return httpx.URL(url)


@lru_cache(maxsize=1024)
def _exact_url(url: str) -> URL:
    # encoded=True: yarl must not normalise what the client wrote (%2F, %7E…).
    return URL(url, encoded=True)


def _classified(error: Exception) -> UpstreamError | RelayError:
    """Fail towards MaybeSent: a call is repeated only when nothing can have reached the provider."""
    detail = _words(error)
    match error:
        case aiohttp.ConnectionTimeoutError() | httpx.ConnectTimeout():
            return NotSent("upstream_timeout", f"connecting took too long ({detail})")
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL() | httpx.ConnectError():
            return NotSent("upstream_unreachable", detail)
        case httpx.TimeoutException():
            return MaybeSent("upstream_timeout", detail)
        case aiohttp.ClientResponseError():
            return MaybeSent("upstream_invalid", detail)
        case ValueError():  # aiohttp refuses to write such headers
            return errors.bad_headers(detail)
        case _:
            return MaybeSent("upstream_disconnected", detail)


def _words(error: BaseException) -> str:
    match error:
        case aiohttp.ClientResponseError():
            said = error.message
        case aiohttp.ClientConnectorError():
            said = _of_connecting(error)
        case _:
            said = str(error)
    return " ".join(said.split()).rstrip(".") or type(error).__name__


def _of_connecting(error: aiohttp.ClientConnectorError) -> str:
    """Without address and port: callers read this too, and need not know where a provider is."""
    cause: OSError = getattr(error, "certificate_error", None) or error.os_error
    if isinstance(error, aiohttp.ClientConnectorDNSError) and cause.errno:
        return f"the name {error.host} is not found"
    if isinstance(cause, ssl.SSLError) or not cause.errno:
        return cause.strerror or str(cause)
    return os.strerror(cause.errno).lower()
