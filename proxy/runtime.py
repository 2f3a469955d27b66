"""What one process of the lane holds: configuration, journal, way to the providers, calls in flight."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from django.conf import settings

from logs_app.journal.journal import Journal

from . import errors, limits
from .access.cors import Origins
from .access.quota import Quotas
from .access.rejections import Rejections
from .cache import cache
from .cache.cache import Cache
from .configuration.configuration import Provider
from .configuration.snapshot import SnapshotStore, SnapshotUnavailable
from .exchange import Exchange
from .health import Health
from .health.sharing import Sharing
from .health.table import Table as HealthTable
from .health.watch import Watch
from .measures import Measures
from .modellists.listings import Listings
from .routing.balancing import RoundRobin
from .routing.whereabouts import Whereabouts
from .selfservice.questions import Questions
from .sending.upstream import Upstream

log = logging.getLogger("relay.lane")


class Runtime:
    def __init__(
        self,
        snapshots: SnapshotStore,
        journal: Journal,
        upstream: Upstream,
        health: Health | None = None,
        watch: Watch | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.snapshots = snapshots
        self.health = health or Health(snapshots)
        self.watch = watch
        self.cache = cache
        self.limiter = limits.build()
        self.quotas = Quotas()
        self.questions = Questions()
        self.turns = RoundRobin()
        self.whereabouts = Whereabouts()
        self.origins = Origins(settings.CORS_ALLOWED_ORIGINS)
        self.journal = journal
        self.rejections = Rejections(journal)
        self.upstream = upstream
        self.listings = Listings(upstream)
        self.exchanges: set[Exchange] = set()
        self.measures = Measures()
        self.unknown_key_calls = 0
        self.held_bytes = 0
        # (id, address) of providers that answered 400 to stream_options.
        self._refuses_usage_option: set[tuple[int, str]] = set()
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Needs the running loop; Daphne has no lifespan, so the first call of a process may do it."""
        if self._running:
            return
        loop = asyncio.get_running_loop()
        self._running.append(loop.create_task(self.snapshots.run()))
        if self.watch is not None:
            self._running.append(loop.create_task(self.watch.run()))
        if self.cache is not None:
            self._running.append(loop.create_task(self.cache.run(lambda: self.snapshots.current.purges)))

    def enter(self, exchange: Exchange) -> None:
        self.exchanges.add(exchange)

    def leave(self, exchange: Exchange) -> None:
        """Always called at the end of a call; the second time it does nothing."""
        if exchange in self.exchanges:
            self.exchanges.remove(exchange)
            self.measures.tried(exchange.attempts)
        self.let_go(exchange)
        self.release(exchange)
        if exchange.timer is not None:
            exchange.timer.cancel()

    def release(self, exchange: Exchange) -> None:
        """Of what the call took from its limits, that which ends with it. May be said early, and twice."""
        taken, exchange.taken = exchange.taken, None
        if taken is not None:
            self.limiter.end(taken)

    def admit(self) -> None:
        """Over the budget a caller is asked to come back, before memory runs out."""
        if len(self.exchanges) > settings.MAX_INFLIGHT_REQUESTS:
            raise errors.overloaded()

    def hold(self, exchange: Exchange, size_bytes: int) -> None:
        if self.held_bytes + size_bytes > settings.MAX_INFLIGHT_BYTES:
            raise errors.overloaded()
        self.held_bytes += size_bytes
        exchange.held_bytes += size_bytes

    def let_go(self, exchange: Exchange) -> None:
        """The request is not needed any more: a stream may run for hours after it."""
        exchange.call.body = exchange.call.document = None
        self.held_bytes -= exchange.held_bytes
        exchange.held_bytes = 0

    def count_unknown_key(self, client_ip: str | None) -> None:
        """Counted, never recorded: a flood of them must not fill the disk, nor the log."""
        self.unknown_key_calls += 1
        if self.unknown_key_calls.bit_count() == 1:  # 1, 2, 4, 8…
            log.warning(
                "%d calls without a known key so far, the last from %s", self.unknown_key_calls, client_ip
            )

    def limit_total(self, exchange: Exchange, seconds: float | None) -> None:
        if seconds is not None:
            late = errors.total_timeout(seconds)
            exchange.timer = asyncio.get_running_loop().call_later(seconds, exchange.abort, late, "failed")

    def may_ask_usage(self, provider: Provider) -> bool:
        return (provider.id, provider.api_base) not in self._refuses_usage_option

    def remember_refusal(self, provider: Provider) -> None:
        self._refuses_usage_option.add((provider.id, provider.api_base))

    def end_all(self) -> None:
        """The time to finish is over: streams end with the in-band error, the rest is cut."""
        for exchange in list(self.exchanges):
            exchange.abort(errors.stopping(), "interrupted")

    async def aclose(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self.cache is not None:
            await self.cache.aclose()
        self.listings.close()
        await self.upstream.aclose()
        await asyncio.to_thread(self.quotas.close)
        await asyncio.to_thread(self.questions.close)
        await asyncio.to_thread(self.whereabouts.close)
        await self.limiter.aclose()
        self.health.close()
        self.rejections.flush()
        self.journal.close()


_current: Runtime | None = None
_building: asyncio.Task[Runtime] | None = None


def built() -> Runtime | None:
    """The runtime of this process, if it has had a call."""
    return _current


async def current() -> Runtime:
    """The runtime of this process, built at its first call."""
    global _building
    if _current is not None:
        return _current
    if _building is None:
        _building = asyncio.get_running_loop().create_task(asyncio.to_thread(build))
    try:
        runtime = await asyncio.shield(_building)
    except Exception:
        _building = None  # the next call tries again
        raise
    if _current is None:
        install(runtime)
        runtime.start()
    return runtime


def install(runtime: Runtime | None) -> None:
    global _current, _building
    _current, _building = runtime, None


def build() -> Runtime:
    """The runtime as the settings describe it. Reads the database, so never call it in the loop.

    Without its database it starts all the same: it knows no key yet, and says 503 until it does.
    """
    snapshots = SnapshotStore()
    with suppress(SnapshotUnavailable):  # logged there; `run` goes on trying
        snapshots.load()
    journal = Journal(
        settings.JOURNAL_DIR,
        settings.NODE_ID,
        settings.FIELD_ENCRYPTION_KEYS,
        fsync_ms=settings.JOURNAL_FSYNC_MS,
    )
    upstream = Upstream(allows_internal=lambda host: host in snapshots.current.catalogue.internal_hosts)
    table = HealthTable(settings.DATA_DIR)
    health = Health(snapshots, table)
    sharing = Sharing(settings.REDIS_URL, table) if settings.REDIS_URL else None
    watch = Watch(snapshots, health, upstream, settings.DATA_DIR, sharing)
    return Runtime(snapshots, journal, upstream, health=health, watch=watch, cache=cache.build())
