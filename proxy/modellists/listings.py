"""The providers' own lists of models, asked for when somebody wants one and kept for minutes.

An old list is given at once and a new one fetched behind it. Failure policy: a provider that does not answer
in time is left out, or stands with its last list, and never spoils the list of the others.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..configuration.configuration import Provider
from ..health import check
from ..sending.upstream import Upstream

FRESH_SECONDS = 300.0
RETRY_SECONDS = 30.0  # after a failure
DEADLINE_SECONDS = 5.0
_REMEMBERED = 1000

log = logging.getLogger("relay.lane")
_Key = tuple[int, str, str, bytes]


@dataclass(slots=True)
class _Listing:
    names: tuple[str, ...] = ()
    is_known: bool = False
    due_at: float = 0.0  # of the monotonic clock
    reading: asyncio.Task[None] | None = None


class Listings:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._known: dict[_Key, _Listing] = {}

    async def of(self, providers: Sequence[Provider]) -> list[tuple[str, ...]]:
        """The names each of them lists, all asked at once; none where a list cannot be had."""
        return list(await asyncio.gather(*map(self._names, providers)))

    def close(self) -> None:
        for listing in self._known.values():
            if listing.reading is not None:
                listing.reading.cancel()

    async def _names(self, provider: Provider) -> tuple[str, ...]:
        listing = self._listing(provider)
        if listing.reading is None and time.monotonic() >= listing.due_at:
            listing.reading = asyncio.get_running_loop().create_task(self._read(provider, listing))
        if not listing.is_known and listing.reading is not None:
            await asyncio.shield(listing.reading)
        return listing.names

    async def _read(self, provider: Provider, listing: _Listing) -> None:
        wait = RETRY_SECONDS
        try:
            report = await check.check(
                provider, self._upstream, timeout_seconds=DEADLINE_SECONDS, may_cost=False
            )
            if report.models:
                listing.names, wait = report.models, FRESH_SECONDS
            else:
                log.warning("Provider '%s' gave no list of models: %s", provider.provider_key, report.words)
        finally:
            listing.is_known, listing.reading = True, None
            listing.due_at = time.monotonic() + wait

    def _listing(self, provider: Provider) -> _Listing:
        """Another address or key may have another list."""
        secret = hashlib.sha256(provider.api_key.encode()).digest()
        key = provider.id, provider.provider_type, provider.api_base, secret
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = _Listing()
        return self._known[key]
