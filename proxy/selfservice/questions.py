"""What keys ask about themselves, as far as it takes the database: in threads, a few of one key at once.

Failure policy: a key that asks on and on waits for itself, and nobody else for it; without the database the
answer is 503.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import Error as DatabaseError

from accounts import threadconnections

from .. import refusals
from ..configuration.configuration import Key

THREADS = 2
AT_ONCE = 4  # of one key, in one worker
TIMEOUT_SECONDS = 10.0


class Questions:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="questions")
        self._asking: Counter[tuple[str, str]] = Counter()

    async def ask(self, key: Key, question: Callable[..., Any], *arguments: Any) -> Any:
        """What `question` returns, or raises. Raises RelayError when it cannot be asked now."""
        asker = key.kind, key.id
        if self._asking[asker] >= AT_ONCE:
            raise refusals.too_many_questions()
        self._asking[asker] += 1
        loop = asyncio.get_running_loop()
        answer = self._pool.submit(threadconnections.ask_once, question, *arguments)
        # Counted until the thread is done, also when nobody waits for it any more.
        answer.add_done_callback(lambda _: loop.call_soon_threadsafe(self._forget, asker))
        return await _wait(answer)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _forget(self, asker: tuple[str, str]) -> None:
        self._asking[asker] -= 1
        if not self._asking[asker]:
            del self._asking[asker]


async def _wait(answer: Future[Any]) -> Any:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await asyncio.wrap_future(answer)
    except (DatabaseError, TimeoutError) as error:
        raise refusals.records_unavailable() from error
