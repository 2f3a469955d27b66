"""Where a provider may be: nowhere inside (`logs_app.internaladdresses`), unless it is allowed to.

Judged when a provider is saved, when it is loaded, and again when a connection is opened (`Resolver`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import ResolveResult
from django.utils.translation import gettext as _

from logs_app.internaladdresses import host_of, is_internal, is_refused

if TYPE_CHECKING:
    from ..configuration.configuration import Provider


def refusal_of(api_base: str) -> str | None:
    """Why an address is refused, as far as it can be told without asking anybody; None when it is not."""
    host = host_of(api_base)
    if is_refused(host):
        return _(
            "'%(host)s' is a link-local address or a cloud's metadata service. "
            "If that is meant, allow it with 'allow an internal address'."
        ) % {"host": host}
    return None


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
