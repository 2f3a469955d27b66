"""Addresses that no provider has: link-local ones and the metadata services of clouds, which hand out the
machine's own credentials. Refused unless the provider allows them; private networks are nobody's danger here.

Judged when a provider is saved, when it is loaded, and again when a connection is opened (`Resolver`), so
that no name can lead there later.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult

if TYPE_CHECKING:
    from .configuration import Provider

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",  # link-local: AWS, Azure, Google, Oracle, DigitalOcean…
            "fe80::/10",
            "fd00:ec2::254/128",  # AWS
            "fd20:ce::254/128",  # Google
            "100.100.100.200/32",  # Alibaba
            "168.63.129.16/32",  # Azure's wire server
            "192.0.0.192/32",  # Oracle
        ),
    )
)
_EMBEDDING_IPV4 = ipaddress.ip_network("64:ff9b::/96")  # NAT64, RFC 6052
_NAMES = frozenset(
    ("metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")
)


def refusal_of(api_base: str) -> str | None:
    """Why an address is refused, as far as it can be told without asking anybody; None when it is not."""
    host = host_of(api_base)
    if host in _NAMES or is_internal(host):
        return (
            f"'{host}' is a link-local address or a cloud's metadata service. "
            "If that is meant, allow it with 'allow an internal address'."
        )
    return None


def host_of(api_base: str) -> str:
    try:
        return (urlsplit(api_base).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def is_internal(host: str) -> bool:
    """Of an address as text, however it is written; a name is not internal."""
    address = _parsed(host)
    return address is not None and any(address in network for network in _NETWORKS)


def allowed_hosts(providers: Iterable[Provider]) -> frozenset[str]:
    return frozenset(host_of(each.api_base) for each in providers if each.allows_internal_address)


class Resolver(aiohttp.ThreadedResolver):
    """The system's, without internal addresses; for hosts that `allows`, with them."""

    def __init__(self, allows: Callable[[str], bool]) -> None:
        super().__init__()
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        internal = next((each["host"] for each in found if is_internal(each["host"])), None)
        if internal is not None and not self._allows(host.rstrip(".").lower()):
            raise OSError(None, f"{host} is {internal}, an internal address that its provider does not allow")
        return found


def _parsed(host: str) -> _Address | None:
    try:
        address: _Address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:  # 2852039166 and 0xa9.254.43518 are addresses as well
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    if isinstance(address, ipaddress.IPv6Address):
        if address in _EMBEDDING_IPV4:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
