"""Addresses that nothing outside has: link-local ones and the metadata services of clouds, which hand out the
machine's own credentials. Private networks are nobody's danger here.

Whoever connects judges twice: the address as it is written, and what its name led to, so that no name can
lead there later.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache
from urllib.parse import urlsplit

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


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def is_refused(host: str) -> bool:
    """As far as it can be told without asking anybody."""
    return host in _NAMES or is_internal(host)


@lru_cache(maxsize=1024)
def is_internal(host: str) -> bool:
    """Of an address as text, however it is written; a name is not internal."""
    address = _parsed(host)
    return address is not None and any(address in network for network in _NETWORKS)


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
