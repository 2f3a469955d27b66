"""Writing records: one transaction is the rows, their sequence numbers and the cursors they came from.

A cursor moves only from where this recorder found it; if it is elsewhere, another one was faster, and the
transaction is undone. So nothing is recorded twice, whoever dies and whoever else is at work.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter
from typing import Any

import orjson
from django.db import DataError, Error, IntegrityError, connections, router, transaction
from django.db.models import Max

from logs_app.assembly import Row, Rows
from logs_app.models import JournalCursor, LogRecord, Node
from logs_app.recorder import binding, keyusage
from logs_app.recorder.lives import Cursor, Move
from logs_app.recorder.tables import ATTEMPTS, PAYLOADS, RECORDS, TAGS, Way, copy, insert
from logs_app.rollups import Rollups

LOOKUP_CHUNK = 500
# What the content of one record can cause; anything else means that the database takes no records now.
CONTENT_FAULTS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
NO_TAGS = "[]"  # as the column spells it
PROGRAM_LIMIT = "54"  # PostgreSQL's class of errors for an index entry or a row that is too long

# For a record that cannot be stored: what to try instead, the fullest first.
Spare = Callable[[Rows, Exception], Iterator[Rows]]


class Unavailable(Exception):
    """The database takes no records now; nothing is wrong with them."""


class Overtaken(Exception):
    """Another recorder moved a cursor: what was read must be read again from where the cursors are now."""


CURSORS, NODES = JournalCursor._meta.db_table, Node._meta.db_table


class Store:
    def __init__(self, alias: str | None = None) -> None:
        self.alias = alias or router.db_for_write(LogRecord)
        self.connection = connections[self.alias]
        self._is_sqlite = self.connection.vendor == "sqlite"
        self._rollups = Rollups()
        # SQLite has one writer at a time; elsewhere a long transaction only delays its own records.
        self.longest_write_seconds = 0.020 if self._is_sqlite else 0.200

    def cursors(self, segments: Iterable[str]) -> dict[str, Cursor]:
        rows = JournalCursor.objects.using(self.alias).filter(segment__in=list(segments))
        with self._guard():
            return {row.segment: (row.position, row.closed_batches) for row in rows}

    def recorded(self, ids: Iterable[bytes]) -> set[bytes]:
        remaining = iter(ids)
        found: set[bytes] = set()
        records = LogRecord.objects.using(self.alias)
        with self._guard():
            while chunk := [id.hex() for id in islice(remaining, LOOKUP_CHUNK)]:
                found.update(pk.bytes for pk in records.filter(pk__in=chunk).values_list("pk", flat=True))
        return found

    def register(self, node: str) -> None:
        """A node's number goes on after its newest record, even if its own row was lost."""
        with self._guard(), transaction.atomic(using=self.alias):
            row, _ = Node.objects.using(self.alias).get_or_create(pk=node)
            newest = LogRecord.objects.using(self.alias).filter(node=node).aggregate(Max("seq"))["seq__max"]
            if newest is not None and newest > row.seq:
                Node.objects.using(self.alias).filter(pk=node, seq__lt=newest).update(seq=newest)

    def clear_cursors(self, node: str, present: Callable[[], Iterable[str]]) -> None:
        """Of segments that a dead recorder deleted. What is present is asked after the cursors are known."""
        with self._guard():
            rows = JournalCursor.objects.using(self.alias).filter(node=node)
            for segment in set(rows.values_list("segment", flat=True)).difference(present()):
                rows.filter(segment=segment).delete()

    def settle(self) -> None:
        """Before a segment goes: a power loss must not undo commits whose source is gone."""
        if self._is_sqlite:
            with self._guard(), self.connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def write(
        self, batch: Sequence[Rows], moves: Iterable[Move], forgotten: Iterable[str], spare: Spare
    ) -> float:
        """How many seconds others had to wait. Raises Unavailable or Overtaken, having written nothing."""
        self._rollups.undone()  # of a transaction that failed
        with self._guard(), transaction.atomic(using=self.alias), binding.cursor(self.connection) as cursor:
            began = time.perf_counter()
            for move in sorted(moves, key=attrgetter("path")):
                _move(cursor, move)
            _number(cursor, batch)
            self._insert(cursor, batch, spare, insert if self._is_sqlite else copy)
            for segment in forgotten:
                cursor.execute(f"DELETE FROM {CURSORS} WHERE segment = %s", [segment])
        self._rollups.committed()
        return time.perf_counter() - began

    def _insert(self, cursor: Any, batch: Sequence[Rows], spare: Spare, way: Way) -> None:
        """Halves a batch that the database refuses, until the record that it refuses stands alone."""
        try:
            with transaction.atomic(using=self.alias):
                self._insert_all(cursor, batch, way)
        except (Error, *CONTENT_FAULTS) as error:
            if not _is_of_content(error):
                raise
            self._rollups.undone()
            middle = len(batch) // 2
            if way is copy:
                self._insert(cursor, batch, spare, insert)
            elif len(batch) == 1:
                self._insert_spare(cursor, batch[0], error, spare)
            else:
                self._insert(cursor, batch[:middle], spare, way)
                self._insert(cursor, batch[middle:], spare, way)

    def _insert_spare(self, cursor: Any, rows: Rows, error: Exception, spare: Spare) -> None:
        for instead in spare(rows, error):
            instead.record["seq"] = rows.record["seq"]
            try:
                with transaction.atomic(using=self.alias):
                    self._insert_all(cursor, [instead], insert)
                return
            except CONTENT_FAULTS as another:
                self._rollups.undone()
                error = another
        raise Unavailable(f"not even a bare record can be stored: {error}") from error

    def _insert_all(self, cursor: Any, batch: Sequence[Rows], put: Way) -> None:
        if self._is_sqlite:
            for rows in batch:
                _spell_times(rows.record)
        put(cursor, RECORDS, [RECORDS.values(rows.record) for rows in batch])
        new = self._new(cursor, batch)
        self._rollups.add(cursor, new)
        put(cursor, TAGS, list(_tags(new)))
        put(cursor, PAYLOADS, [PAYLOADS.values(rows.payload) for rows in batch])
        put(cursor, ATTEMPTS, [ATTEMPTS.values(row) for rows in batch for row in rows.attempts])
        # Last: rows of keys are shared with the recorders of other nodes, and stay locked until the commit.
        keyusage.add(cursor, new)

    def _new(self, cursor: Any, batch: Sequence[Rows]) -> list[Row]:
        """The records just inserted; one that was there before keeps the sequence number it had."""
        if cursor.rowcount == len(batch):
            return [rows.record for rows in batch]
        ids = [rows.record["id"] for rows in batch]
        stored = LogRecord.objects.using(self.alias).filter(pk__in=ids).values_list("node", "seq")
        inserted = set(stored)
        return [rows.record for rows in batch if (rows.node, rows.record["seq"]) in inserted]

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except Error as error:
            self.connection.close()
            raise Unavailable(str(error)) from error


def _move(cursor: Any, move: Move) -> None:
    position, closed_batches = move.new
    if move.old is None:
        cursor.execute(
            f"INSERT INTO {CURSORS} (segment, node, position, closed_batches) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [move.path.name, move.node, position, closed_batches],
        )
    else:
        cursor.execute(
            f"UPDATE {CURSORS} SET position = %s, closed_batches = %s "
            "WHERE segment = %s AND position = %s AND closed_batches = %s",
            [position, closed_batches, move.path.name, *move.old],
        )
    # A rival that is done with a segment deletes the file first and its cursor afterwards.
    if cursor.rowcount != 1 or not move.path.exists():
        raise Overtaken(move.path.name)


def _number(cursor: Any, batch: Sequence[Rows]) -> None:
    """The node's row stays locked until the commit, so that numbers become visible in their order."""
    by_node: dict[str, list[Rows]] = defaultdict(list)
    for rows in batch:
        by_node[rows.node].append(rows)
    for node, group in sorted(by_node.items()):
        cursor.execute(f"UPDATE {NODES} SET seq = seq + %s WHERE id = %s", [len(group), node])
        if cursor.rowcount != 1:
            raise Unavailable(f"node {node} is not registered")
        cursor.execute(f"SELECT seq FROM {NODES} WHERE id = %s", [node])
        last = cursor.fetchone()[0]
        for seq, rows in enumerate(group, last - len(group) + 1):
            rows.record["seq"] = seq


def _is_of_content(error: Exception) -> bool:
    if isinstance(error, CONTENT_FAULTS):
        return True
    return str(getattr(error.__cause__, "sqlstate", "") or "").startswith(PROGRAM_LIMIT)


def _tags(records: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        if record["tags"] != NO_TAGS:
            for tag in orjson.loads(record["tags"]):
                yield TAGS.values({"tag": tag, "record_id": record["id"]})


def _spell_times(record: Row) -> None:
    """As Django writes them into SQLite, which has no type for them."""
    for column in ("created_at", "finished_at"):
        if type(record[column]) is not str:
            record[column] = str(record[column])[:-6]
