"""What one process holds of the cache: its store, the calls that others wait for, the purges it followed."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from .board import Board
from .entry import Entry
from .keys import Key
from .marks import Marks
from .memory import MemoryStore
from .purge import Purge
from .recording import Room
from .redis import RedisStore
from .store import Counters, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from .collapse import Shared

REDIS = "redis"
TICK_SECONDS = 0.5

log = logging.getLogger("relay.cache")


class Cache:
    def __init__(
        self,
        store: Store,
        counters: Counters,
        *,
        default_ttl: int,
        object_bytes: int,
        memory_bytes: int,
        stores_streams: bool,
        board: Board | None = None,
    ) -> None:
        self.store = store
        self.counters = counters
        self.default_ttl = default_ttl
        self.object_bytes = object_bytes
        self.stores_streams = stores_streams
        self.room = Room(memory_bytes)
        self.calls: dict[tuple[Key, bool], Shared] = {}
        self.reviving: set[Key] = set()
        self._board = board
        self._purges: tuple[Purge, ...] = ()
        self._followed = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing: dict[Key, asyncio.Task[None]] = {}

    def follow(self, purges: tuple[Purge, ...]) -> None:
        """Before anything is looked up, so that nothing purged is ever given again."""
        if purges is self._purges:
            return
        self._purges = purges
        for purge in purges:
            if purge.number > self._followed:
                self._followed = purge.number
                deleted = self.store.forget(purge)
                if self._board is not None:
                    self._board.note(purge.number, deleted)

    def keep(self, key: Key, entry: Entry, asked_at: float) -> bool:
        """Unless a purge came while it was on its way."""
        if any(purge.forbids(entry.label, asked_at) for purge in self._purges):
            return False
        self.counters.stored += 1
        if (putting := self.store.put(key, entry)) is not None:
            task = self._storing[key] = self.spawn(putting)
            task.add_done_callback(lambda _: self._storing.pop(key, None))
        return True

    async def invalidate(self, resources: Collection[str]) -> None:
        """Nor does anybody join a call for one of these that is under way."""
        for name in [name for name in self.calls if name[0].resource in resources]:
            del self.calls[name]
        if (marking := self.store.invalidate(resources)) is not None:
            await marking

    def end_call(self, name: tuple[Key, bool]) -> None:
        """Who comes now must find its answer in the store."""
        if (storing := self._storing.get(name[0])) is not None:
            storing.add_done_callback(lambda _: self.calls.pop(name, None))
        else:
            self.calls.pop(name, None)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def run(self, purges: Callable[[], tuple[Purge, ...]]) -> None:
        """Also where nobody calls, a purge is followed within a second; and the others are told how it is."""
        while True:
            self.follow(purges())
            if self._board is not None:
                self._board.tell(self.counters)
            await asyncio.sleep(TICK_SECONDS)

    async def aclose(self) -> None:
        for shared in list(self.calls.values()):
            shared.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        if self._board is not None:
            self._board.close()
        with suppress(Exception):
            await self.store.aclose()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.counters.failures += 1
            log.error("The cache failed beside a call: %s", error, exc_info=error)


def build() -> Cache | None:
    """As the settings say; None where it is off."""
    if not settings.HTTP_CACHE_ENABLED:
        return None
    counters = Counters()
    store: Store
    if settings.HTTP_CACHE_BACKEND == REDIS:
        keys = settings.FIELD_ENCRYPTION_KEYS
        store = RedisStore(settings.REDIS_CACHE_URL, settings.REDIS_CACHE_KEY_PREFIX, keys, counters)
    else:
        marks = Marks(Path(settings.DATA_DIR))
        store = MemoryStore(settings.HTTP_CACHE_MEMORY_BYTES, counters, time.time, marks)
    return Cache(
        store,
        counters,
        default_ttl=settings.HTTP_CACHE_DEFAULT_TTL,
        object_bytes=settings.HTTP_CACHE_MAX_OBJECT_BYTES,
        memory_bytes=settings.HTTP_CACHE_MEMORY_BYTES,
        stores_streams=settings.HTTP_CACHE_STREAM_RESPONSES,
        board=Board(Path(settings.DATA_DIR)),
    )
