"""Who is calling: address and scheme of a connection, seen through reverse proxies and our own workers.

Nobody else's word is taken: X-Forwarded-For and -Proto count only from TRUSTED_PROXIES, and the headers by
which a worker tells the console come from no client: workers drop them, and the console's socket is private.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CLIENT_HEADER = b"x-relay-client"
SCHEME_HEADER = b"x-relay-scheme"


def behind_proxies(application: Application, trusted: Iterable[str]) -> Application:
    """For whoever holds the public socket. `trusted` are addresses and networks, such as 10.0.0.0/8."""
    known = tuple(ipaddress.ip_network(text, strict=False) for text in trusted)

    async def wrapped(scope: Scope, receive: Any, send: Any) -> None:
        await application(from_proxies(scope, known), receive, send)

    return wrapped


def behind_workers(application: Application) -> Application:
    """For the console on its private socket."""

    async def wrapped(scope: Scope, receive: Any, send: Any) -> None:
        await application(from_worker(scope), receive, send)

    return wrapped


def from_proxies(scope: Scope, trusted: tuple[Network, ...]) -> Scope:
    """The scope as the last untrusted hop caused it; unchanged when the peer is not a trusted proxy."""
    peer = scope.get("client")
    if not peer or not _is_trusted(peer[0], trusted):
        return scope
    hops = _values(scope["headers"], b"x-forwarded-for")
    schemes = _values(scope["headers"], b"x-forwarded-proto")
    if not hops and not schemes:
        return scope
    address = next((hop for hop in reversed(hops) if not _is_trusted(hop, trusted)), peer[0])
    scheme = schemes[-1].lower() if schemes else ""
    return _seen_as(scope, (address, 0), scheme)


def to_console(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers by which a worker tells the console what it knows about the connection."""
    address, port = (scope.get("client") or ("", 0))[:2]
    return [
        (CLIENT_HEADER, f"{address} {port}".encode()),
        (SCHEME_HEADER, scope.get("scheme", "http").encode()),
    ]


def from_worker(scope: Scope) -> Scope:
    """The other end of `to_console`; only the console on its own socket may believe it."""
    address, _, port = b"".join(_raw(scope["headers"], CLIENT_HEADER)).decode("latin-1").partition(" ")
    scheme = b"".join(_raw(scope["headers"], SCHEME_HEADER)).decode("latin-1")
    seen = _seen_as(scope, (address, int(port or 0)) if address else None, scheme)
    return seen | {"headers": without_ours(scope["headers"])}


def without_ours(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [pair for pair in headers if pair[0].lower() not in (CLIENT_HEADER, SCHEME_HEADER)]


def _seen_as(scope: Scope, client: tuple[str, int] | None, scheme: str) -> Scope:
    changed: Scope = {**scope, "client": client}
    if scheme in ("http", "https"):
        is_websocket = scope["type"] == "websocket"
        changed["scheme"] = {"http": "ws", "https": "wss"}[scheme] if is_websocket else scheme
    return changed


def _raw(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key.lower() == name]


def _values(headers: Headers, name: bytes) -> list[str]:
    joined = b",".join(_raw(headers, name)).decode("latin-1")
    return [part.strip() for part in joined.split(",") if part.strip()]


@lru_cache(maxsize=1024)
def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in trusted)
