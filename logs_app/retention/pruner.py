"""Removes what is over, in batches that hold nobody up: each is a transaction of its own, and so short that
the recorder, the one other writer, hardly waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connections, router, transaction
from django.utils import timezone

from logs_app.models import LogRecord
from logs_app.retention import parts, space, terms
from logs_app.retention.parts import Part
from logs_app.retention.terms import Ends, Terms

FIRST, LARGEST = 50, 1000
PAGES = 200


@dataclass(slots=True)
class Pruned:
    """What was removed, or would be."""

    payloads: int = 0
    records: int = 0
    freed_bytes: int = 0

    def add(self, part: Part, count: int) -> None:
        if part is parts.PAYLOADS:
            self.payloads += count
        else:
            self.records += count


class Pruner:
    def __init__(
        self,
        alias: str | None = None,
        *,
        is_dry_run: bool = False,
        now: datetime | None = None,
        given: Terms | None = None,
    ) -> None:
        self.pruned = Pruned()
        self._alias = alias or router.db_for_write(LogRecord)
        self._connection = connections[self._alias]
        self._longest_seconds = 0.020 if self._connection.vendor == "sqlite" else 0.200
        self._is_dry_run, self._now = is_dry_run, now or timezone.now()
        self._given = given
        self._size = FIRST

    def steps(self) -> Iterator[None]:
        """Each step is one batch; between two of them anything may happen, also nothing any more."""
        found = self._given or terms.read()
        yield from self._prune(parts.PAYLOADS, found.payload.ends(self._now))
        yield from self._prune(parts.RECORDS, found.metadata.ends(self._now))
        if not self._is_dry_run and space.can_be_given_back(self._connection):
            yield from self._give_back()

    def _prune(self, part: Part, ends: Ends) -> Iterator[None]:
        if ends.latest is None:
            return
        after: UUID | None = None
        while page := part.find(ends, after, self._size, self._alias):
            after = page[-1][0]
            over = [id for id, project_id in page if ends.are_over(id, project_id)]
            if over:
                self._remove(part, over)
            yield

    def _remove(self, part: Part, ids: list[UUID]) -> None:
        if not self._is_dry_run:
            with transaction.atomic(using=self._alias):
                began = time.perf_counter()
                part.remove(ids, self._alias)
            self._adapt(time.perf_counter() - began)
        self.pruned.add(part, len(ids))

    def _adapt(self, seconds: float) -> None:
        if seconds > self._longest_seconds:
            self._size = max(self._size // 2, 1)
        elif seconds < self._longest_seconds / 2:
            self._size = min(self._size * 2, LARGEST)

    def _give_back(self) -> Iterator[None]:
        free, page_bytes = space.free_pages(self._connection), space.page_bytes(self._connection)
        while free:
            space.give_back(self._connection, PAGES)
            left = space.free_pages(self._connection)
            if left >= free:
                return  # a reader or writer is in the way: the next time
            self.pruned.freed_bytes += (free - left) * page_bytes
            free = left
            yield
