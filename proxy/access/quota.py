"""The step that takes one use of a token with `max_requests`. Every other key passes without a query.

Failure policy: without the database nobody knows what is left, so the call is answered 503. A use is given
back when no provider was reached; when it cannot be known, it stays taken.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connections

from accounts.threadconnections import KeptConnection
from accounts.tokens import quota

from .. import errors, refusals
from ..exchange import Exchange

log = logging.getLogger(__name__)

THREADS = 2
TIMEOUT_SECONDS = 5.0


class _Kept(threading.local):
    def __init__(self) -> None:
        self.connection = KeptConnection()


_kept = _Kept()


class Quotas:
    """The threads in which a process of the lane asks for uses."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="quota")
        self._is_closed = False

    async def take(self, exchange: Exchange) -> None:
        """Raises RelayError when nothing is left, or when that is not known."""
        key = exchange.key
        if key is None or key.max_requests is None:
            return
        use = exchange.quota_use = self._submit(quota.take, UUID(key.id), key.max_requests)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                # Shielded: a use taken after its client has left must still be known, to be given back.
                is_taken = await asyncio.shield(asyncio.wrap_future(use))
        except (DatabaseError, TimeoutError) as error:
            raise errors.keys_unavailable() from error
        if not is_taken:
            raise refusals.quota_exhausted(key.max_requests)

    async def settle(self, exchange: Exchange) -> None:
        """Always called when the way to the provider has ended, whether there was one or not. A use that goes
        back is back before the client hears of the failure: its next try must not find the quota empty."""
        use, key = exchange.quota_use, exchange.key
        if use is None or key is None or exchange.has_reached_provider:
            return
        giving = self._submit(_give_back, use, UUID(key.id))
        with suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await asyncio.shield(asyncio.wrap_future(giving))

    def close(self) -> None:
        """After the last call; what is being given back is. Closing again changes nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        meeting = threading.Barrier(THREADS)
        for _ in range(THREADS):
            self._pool.submit(_leave, meeting)
        self._pool.shutdown()

    def _submit(self, query: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.submit(_in_thread, query, *arguments)


def _in_thread(query: Callable[..., Any], *arguments: Any) -> Any:
    _kept.connection.check()
    try:
        return query(*arguments)
    except DatabaseError:
        _kept.connection.close()
        raise


def _give_back(use: Future[bool], token_id: UUID) -> None:
    """In a thread; the taking began before, so it is over or being done in another one."""
    try:
        if use.result():
            quota.give_back(token_id)
    except DatabaseError as error:
        log.warning("A use of a token's quota could not be given back: %s", error)


def _leave(meeting: threading.Barrier) -> None:
    """Once in every thread, which they all make sure of by waiting for each other."""
    with suppress(threading.BrokenBarrierError):
        meeting.wait(TIMEOUT_SECONDS)
    connections.close_all()
