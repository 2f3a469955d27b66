"""Where the relay listens, and under which names it may be called."""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK_NAMES = ("localhost", ".localhost", "127.0.0.1", "[::1]")
PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
LINUX_SIOCGIFADDR = 0x8915
# Twisted's 50 makes a burst of connections wait for a second.
BACKLOG = 4096
# A relay that was killed a moment ago holds its port until its workers have noticed.
PORT_PATIENCE_SECONDS = 3.0


def listen_address(host: str, port: int, listen_addr: str) -> tuple[str, int]:
    """(host, port) from HOST and PORT, or from LISTEN_ADDR: `:8080`, `host:8080` or `[::1]:8080`."""
    if not listen_addr:
        return host, port
    name, colon, digits = listen_addr.rpartition(":")
    if not colon or not digits.isdecimal() or int(digits) > 65535:
        raise ImproperlyConfigured(f"LISTEN_ADDR is {listen_addr!r}, but must be host:port or :port.")
    return name.strip("[]") or "0.0.0.0", int(digits)


def listen(host: str, port: int) -> socket.socket:
    """The one listening socket, inheritable; the OSError of a failure carries the reason."""
    family, address = _bind_address(host, port)
    # Without IPPROTO_TCP asyncio and Twisted do not set TCP_NODELAY: 44 ms for an answer instead of 0.3.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        _bind_patiently(listener, address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


def _bind_address(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """IPv4 first: `localhost` may mean both, and clients that say 127.0.0.1 are the most."""
    found = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _bind_patiently(listener: socket.socket, address: Any) -> None:
    patience_ends_at = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > patience_ends_at:
                raise
            time.sleep(0.1)


def url_host(host: str) -> str:
    """A host as it stands in a URL; a wildcard address is reachable as loopback."""
    if host in ("", "0.0.0.0", "::"):
        return "127.0.0.1" if host != "::" else "[::1]"
    return f"[{host}]" if ":" in host else host


def allowed_hosts(host: str, proxy_base_url: str, extra: tuple[str, ...]) -> list[str]:
    public = urlsplit(proxy_base_url).hostname
    names = [*LOOPBACK_NAMES, *own_addresses(), url_host(host), *([public] if public else []), *extra]
    return list(dict.fromkeys(names))


def likely_proxies(proxy_base_url: str) -> tuple[str, ...]:
    """A public https address means that somebody ends TLS for us, in this machine or this network."""
    return PRIVATE_NETWORKS if urlsplit(proxy_base_url).scheme == "https" else ()


def own_addresses() -> list[str]:
    """This machine's name and addresses. No name server is asked: that could take seconds at a start."""
    addresses = [socket.gethostname().lower()]
    if sys.platform == "linux":
        addresses += _interface_addresses() + _ipv6_addresses()
    return addresses


def _interface_addresses() -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe, LINUX_SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # an interface without an IPv4 address
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


def _ipv6_addresses() -> list[str]:
    table = Path("/proc/net/if_inet6")
    lines = table.read_text().splitlines() if table.exists() else []
    packed = [bytes.fromhex(line.split()[0]) for line in lines]
    return [f"[{socket.inet_ntop(socket.AF_INET6, address)}]" for address in packed]
