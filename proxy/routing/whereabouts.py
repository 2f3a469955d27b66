"""Remembers which provider keeps what was not made at its project's home.

In the database, so that it holds for every worker and after a restart; asked in a thread, and only by calls
that name such an object while several providers could have it. Failure policy: without the database the
object is looked for at home, and then elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.utils import timezone

from accounts import threadconnections

from ..models import KeptObject

log = logging.getLogger("relay.lane")

TIMEOUT_SECONDS = 2.0
REMEMBERED = 10_000  # by this process, without asking
KEPT_DAYS = 180
_TIDIES_ONCE_IN = 100


class Whereabouts:
    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="whereabouts")

    async def find(self, ids: tuple[str, ...]) -> int | None:
        """The provider that keeps the first of these that anybody remembers."""
        for each in ids:
            if each in self._known:
                return self._known[each]
        found: dict[str, int] = await self._ask(_find, ids) or {}
        for object_id, provider_id in found.items():
            self.remember((object_id,), provider_id)
        return next((found[each] for each in ids if each in found), None)

    async def learn(self, ids: Iterable[str], provider_id: int) -> None:
        """Returns when every worker can know it."""
        self.remember(ids, provider_id)
        await self._ask(_learn, tuple(ids), provider_id)

    def remember(self, ids: Iterable[str], provider_id: int) -> None:
        """Only here, so that this process does not ask again."""
        for each in ids:
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[each] = provider_id

    def close(self) -> None:
        self._pool.shutdown()

    async def _ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                asked = self._pool.submit(threadconnections.ask_once, question, *arguments)
                return await asyncio.shield(asyncio.wrap_future(asked))
        except (DatabaseError, TimeoutError) as error:
            log.warning("Where a provider's object is kept cannot be asked or remembered: %s", error)
            return None


def _find(ids: tuple[str, ...]) -> dict[str, int]:
    found = KeptObject.objects.filter(object_id__in=ids)
    return dict(found.values_list("object_id", "provider_id"))


def _learn(ids: tuple[str, ...], provider_id: int) -> None:
    rows = [KeptObject(object_id=each, provider_id=provider_id) for each in ids]
    KeptObject.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["object_id"], update_fields=["provider_id"]
    )
    if random.randrange(_TIDIES_ONCE_IN) == 0:
        forgotten = timezone.now() - timedelta(days=KEPT_DAYS)
        KeptObject.objects.filter(created_at__lt=forgotten).delete()
