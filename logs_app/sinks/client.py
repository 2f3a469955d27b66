"""The way out over HTTP for what is told to others: events, and alerts.

No proxy of the environment, no redirect (the key would go along), no internal address. Answers are read up
to a size and within a time, so that a far side that drips holds nobody for long.

Failure policy: only a status that speaks of what was sent, and not of where it was sent or how the far side
is, refuses events. After any other one they wait: a wrong path or key costs no event.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from accounts import trust
from logs_app.internaladdresses import host_of, is_internal, is_refused
from logs_app.sinks.sink import DeliveryError, Refused, SinkError, Unreachable

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 20.0
ANSWER_SECONDS = 30.0
MOST_ANSWER_BYTES = 4 << 20
KEPT_SECONDS = 60.0
SHOWN = 200  # characters of an answer that explains itself
REFUSING = frozenset((400, 409, 413, 415, 422, 431))
LONGEST_WAIT_SECONDS = 3600.0


def address(endpoint: str, default: str, path: str) -> str:
    """The base URL that was given, or the URL itself, as a URL. Raises SinkError."""
    url = (endpoint or default).rstrip("/")
    parts = _parts(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SinkError(_("The endpoint is a URL such as https://example.com."))
    if parts.username or parts.password:
        raise SinkError(_("The endpoint holds a password: give it as the key instead."))
    if is_refused(host_of(url)):
        raise SinkError(
            _("%(host)s is a link-local address or a cloud's metadata service.") % {"host": host_of(url)}
        )
    return url if not path or parts.path.endswith(path) else url + path


class Client:
    """Keep-alive connections to one place, for any number of threads."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        secret: str = "",
        connections: int = 1,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`secret` is what no words may repeat, though the far side might."""
        self.url, self.host = url, host_of(url)
        self._secret, self._seconds = secret, seconds
        names = {"user-agent": f"llm-relay/{settings.VERSION}", "accept-encoding": "identity"}
        self._client = httpx.Client(
            transport=Transport(connections),
            timeout=httpx.Timeout(min(IDLE_SECONDS, seconds), connect=CONNECT_SECONDS),
            headers={**names, "content-type": "application/json", **(headers or {})},
            follow_redirects=False,
            trust_env=False,
        )

    def post(self, content: bytes, headers: Mapping[str, str] | None = None, *, path: str = "") -> Any:
        """What a good answer says, None when that is no JSON. Raises Unreachable or Refused."""
        try:
            with self._client.stream("POST", self.url + path, content=content, headers=headers) as response:
                said = self._read(response)
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.host} did not answer: {_words(error)}.") from error
        except ValueError as error:  # such as a header that cannot be sent
            raise Refused(f"This cannot be sent: {error}.") from error
        if not 200 <= response.status_code < 300:
            raise self._error(response, said)
        try:
            return orjson.loads(said)
        except orjson.JSONDecodeError:
            return None

    def close(self) -> None:
        self._client.close()

    def _read(self, response: httpx.Response) -> bytes:
        ends_at = time.monotonic() + self._seconds
        said = b""
        for part in response.iter_raw():
            said += part
            if len(said) > MOST_ANSWER_BYTES:
                break
            if time.monotonic() > ends_at:
                raise httpx.ReadTimeout("the answer took too long")
        return said

    def _error(self, response: httpx.Response, said: bytes) -> DeliveryError:
        status = response.status_code
        words = f"{self.host} answered {status}{self._explained(said)}."
        if status in REFUSING:
            return Refused(words)
        if 300 <= status < 400:
            words += " Redirects are not followed: give the address it leads to."
        elif status in (401, 403):
            words += " It does not accept the key."
        elif status in (404, 405):
            words += " Is this the right endpoint?"
        return Unreachable(words, retry_after(response.headers.get("retry-after", "")))

    def _explained(self, said: bytes) -> str:
        text = " ".join(said[: 4 * SHOWN].decode(errors="replace").split())
        if self._secret:
            text = text.replace(self._secret, "…")
        return f": {text[:SHOWN].rstrip('.')}" if text else ""


class Transport(httpx.HTTPTransport):
    """httpx's, over connections that lead to no internal address, whatever its name was before."""

    def __init__(self, connections: int) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust.context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=Outward(),
        )


class Outward(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception = httpcore.ConnectError("its name leads nowhere")
        for found in _resolved(host, port):
            try:
                return super().connect_tcp(found, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("its name cannot be resolved") from error
    if internal := next(filter(is_internal, found), None):
        raise httpcore.ConnectError(f"it is {internal}, an internal address")
    return list(dict.fromkeys(found))


def retry_after(given: str) -> float | None:
    """In seconds; an absurd wait is cut, not believed."""
    if given.isascii() and given.isdecimal():
        return min(float(given), LONGEST_WAIT_SECONDS)
    with suppress(ValueError, TypeError, OverflowError):
        return min(max(parsedate_to_datetime(given).timestamp() - time.time(), 0.0), LONGEST_WAIT_SECONDS)
    return None


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on a port that is no number
    except ValueError:
        return urlsplit("")
    return parts


def _words(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout():
            return "it could not be connected to in time"
        case httpx.TimeoutException():
            return "it took too long"
        case httpx.RemoteProtocolError():
            return "it broke the connection"
    return str(error).rstrip(".") or "the connection was lost"
