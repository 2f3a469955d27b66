"""Keeps the configuration in memory and follows the database's version, in every process."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS
from django.db import Error as DatabaseError

from accounts.threadconnections import KeptConnection

from ..models import RelaySettings
from .configuration import Snapshot
from .loading import Loader
from .rows import settings_of

__all__ = ["SnapshotStore", "SnapshotUnavailable"]

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.3
REFRESH_GAP_SECONDS = 0.25
REFRESH_TIMEOUT_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 30.0  # longer than SQLite waits for a lock


class SnapshotUnavailable(Exception):
    """The database could not be read. Whoever asked answers 503; what `current` holds goes on serving."""


class SnapshotStore:
    """`current` is replaced whole, so reading it needs no lock. Before the first load it knows nobody."""

    def __init__(
        self, using: str = DEFAULT_DB_ALIAS, read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    ) -> None:
        self.current = Snapshot(-1, {}, (), settings_of(RelaySettings()))
        self.last_success: float | None = None  # epoch seconds
        self._using = using
        self._loader = Loader(using)
        self._connection = KeptConnection(using)
        self._is_down = False
        self._pool = _new_pool()
        self._read_timeout_seconds = read_timeout_seconds
        self._reading = asyncio.Lock()
        self._pending: asyncio.Task[Snapshot] | None = None
        self._next_refresh = 0.0

    def load(self) -> Snapshot:
        """Brings `current` to the database's version, in a thread without a loop, or SnapshotUnavailable."""
        try:
            return self._follow()
        finally:
            self._connection.close()

    async def run(self) -> None:
        """Polls for ever. The last good snapshot serves through an outage of any length."""
        try:
            while True:
                with suppress(SnapshotUnavailable):  # logged where the outage began
                    await self._read()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._pool.submit(self._connection.close)

    async def refresh(self) -> Snapshot:
        """A snapshot read after this call was made.

        However many call, they share a few reads a second: a flood of wrong keys costs the database nothing.
        """
        if self._pending is None:
            self._pending = asyncio.get_running_loop().create_task(self._next_read())
            self._pending.add_done_callback(_take_note)
        try:
            async with asyncio.timeout(REFRESH_TIMEOUT_SECONDS):
                return await asyncio.shield(self._pending)
        except TimeoutError:
            raise SnapshotUnavailable("The database did not answer in time.") from None

    async def _next_read(self) -> Snapshot:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._next_refresh - loop.time())
        async with self._reading:
            self._pending = None  # this read begins now; whoever asks later needs a later one
            self._next_refresh = loop.time() + REFRESH_GAP_SECONDS
            return await self._read_in_pool()

    async def _read(self) -> Snapshot:
        async with self._reading:
            return await self._read_in_pool()

    async def _read_in_pool(self) -> Snapshot:
        read = asyncio.get_running_loop().run_in_executor(self._pool, self._follow)
        try:
            # Not wait_for(): that of Python 3.11 loses a cancellation that arrives together with the result.
            async with asyncio.timeout(self._read_timeout_seconds):
                return await read
        except TimeoutError:
            # A connection whose far side vanished without a word may hang for hours: leave it, connect again.
            self._pool.shutdown(wait=False)
            self._pool, self._loader = _new_pool(), Loader(self._using)
            error = SnapshotUnavailable("The database has stopped answering.")
            self._note_outage(error)
            raise error from None

    def _follow(self) -> Snapshot:
        loader = self._loader
        with loader.lock:
            try:
                if self._connection.check():
                    loader.forget()
                found = loader.advance()
            except Exception as error:
                loader.forget()
                self._connection.close()
                self._note_outage(error)
                raise SnapshotUnavailable(f"The configuration cannot be read: {error}") from error
            if loader is self._loader:  # else it was left behind, and is late
                self.current = found
                self._succeed()
            return found

    def _succeed(self) -> None:
        self.last_success = time.time()
        if self._is_down:
            logger.warning("The configuration is read again.")
            self._is_down = False

    def _note_outage(self, error: Exception) -> None:
        if self._is_down:
            return
        self._is_down = True
        # An error that is none of the database's is ours: its traceback is wanted.
        unexpected = None if isinstance(error, DatabaseError | SnapshotUnavailable) else error
        logger.error(
            "The configuration cannot be read, the last one serves on: %s", error, exc_info=unexpected
        )


def _new_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="snapshot")


def _take_note(task: asyncio.Task[Snapshot]) -> None:
    """Every waiter may have given up before the task failed; asyncio would complain that nobody looked."""
    if not task.cancelled():
        task.exception()
