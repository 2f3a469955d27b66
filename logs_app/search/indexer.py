"""Brings the search index up to the records: its own consumer of them, in the order of their numbers.

A batch of texts and the cursor behind them are one transaction, and the cursor moves only from where it
was, as the journal's do. Failure policy: the records are committed already; while the index cannot be
written it stays behind, and search says by how many records.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from django.db import Error, connections, router, transaction

from logs_app.models import LogRecord, Node, SearchCursor, SearchText
from logs_app.search import entries

SMALLEST, FIRST, LARGEST = 4, 32, 500
BATCH_BYTES = 8 << 20
READ = ("seq", "request_preview", "response_preview", "error_message", "request_bytes", "response_bytes")
# Of a recorder that has nothing to do, and of one that has.
IDLE_SECONDS, BUSY_SHARE = 0.1, 0.1
SHORTEST_SECONDS = 0.02
FINISHING_SECONDS = 2.0
PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Overtaken(Exception):
    """Somebody else moved the cursor."""


class Indexer:
    def __init__(self, nodes: Iterable[str], alias: str | None = None) -> None:
        self.alias = alias or router.db_for_write(LogRecord)
        self.nodes = set(nodes)  # that may have more
        self._size = FIRST
        is_sqlite = connections[self.alias].vendor == "sqlite"
        self._longest_write_seconds = 0.020 if is_sqlite else 0.200
        self._credit_seconds, self._credited_at = 0.0, time.monotonic()
        self._paused_until = 0.0

    def attend(self, nodes: Iterable[str], *, is_idle: bool) -> None:
        """Between two batches of the recorder; never raises. `nodes` have new records."""
        self.nodes.update(nodes)
        now = time.monotonic()
        self._credit_seconds += (now - self._credited_at) * BUSY_SHARE
        self._credited_at = now
        if is_idle:
            self._credit_seconds = IDLE_SECONDS
        if self._credit_seconds >= SHORTEST_SECONDS and now >= self._paused_until:
            self._try(self._credit_seconds)
            self._credited_at = time.monotonic()
            # A batch may take longer than it was meant to: then the next one waits.
            self._credit_seconds -= self._credited_at - now

    def finish(self) -> None:
        """All of it, for nodes that no other recorder will look after; never raises."""
        while self.nodes and time.monotonic() >= self._paused_until:
            self._try(FINISHING_SECONDS)

    def work(self, seconds: float) -> int:
        """For about so long, or until all is done. How many records were taken."""
        until, taken = time.monotonic() + seconds, 0
        for node in sorted(self.nodes):
            while time.monotonic() < until:
                count = self._advance(node)
                if not count:
                    self.nodes.discard(node)
                    break
                taken += count
        return taken

    def _try(self, seconds: float) -> None:
        try:
            self.work(seconds)
        except Overtaken:
            pass  # another recorder is at it
        except Exception as error:
            connections[self.alias].close()
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            is_of_database = isinstance(error, Error)
            log.warning("The search index stays behind: %s", error, exc_info=not is_of_database)

    def _advance(self, node: str) -> int:
        cursor, _ = SearchCursor.objects.using(self.alias).get_or_create(node=node)
        newest = Node.objects.using(self.alias).filter(pk=node, seq__gt=cursor.seq).first()
        if newest is None:
            return 0
        records = self._next(node, cursor.seq)
        # None: what had these numbers is deleted.
        last = records[-1].seq if records else newest.seq
        self._write(cursor, last, entries.of(records, self.alias))
        return last - cursor.seq

    def _next(self, node: str, seq: int) -> list[LogRecord]:
        later = LogRecord.objects.using(self.alias).filter(node=node, seq__gt=seq).order_by("seq")
        taken: list[LogRecord] = []
        size = 0
        for record in later.only(*READ)[: self._size]:
            size += min(entries.size(record), entries.LARGEST_BYTES)
            if taken and size > BATCH_BYTES:
                break
            taken.append(record)
        return taken

    def _write(self, cursor: SearchCursor, last: int, texts: list[SearchText]) -> None:
        with transaction.atomic(using=self.alias):
            began = time.perf_counter()
            rows = SearchCursor.objects.using(self.alias).filter(node=cursor.node, seq=cursor.seq)
            if not rows.update(seq=last):
                raise Overtaken(cursor.node)
            SearchText.objects.using(self.alias).bulk_create(texts, ignore_conflicts=True)
        self._adapt(time.perf_counter() - began)

    def _adapt(self, seconds: float) -> None:
        if seconds > self._longest_write_seconds:
            self._size = max(self._size * 3 // 4, SMALLEST)
        else:
            self._size = min(self._size + self._size // 4, LARGEST)
