"""Adding records to the sums."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import orjson
from django.db import connections, transaction

from logs_app.models import Node, Rollup, Series
from logs_app.rollups import figures
from logs_app.rollups.spans import DAY, EVER, HOUR, QUARTER, start_of

# What a record is summed up by, and the names that are kept beside it.
KEYS = (
    "node", "project_id", "key_kind", "key_id", "model", "provider", "method", "endpoint", "status_code",
    "outcome",
)  # fmt: skip
NAMES = ("project", "key_name")
# Of these a coarse series has the values, and none of the others.
COARSE = ("node", "project_id", "model", "provider", "project")
COLUMNS = ("id", *KEYS, *NAMES, *figures.COLUMNS)
# In minutes, the longest first.
FINE_SPANS, COARSE_SPANS = (DAY, QUARTER), (DAY, HOUR, QUARTER)
MOST_REMEMBERED = 50_000
CHUNK = 100  # rows in a question; SQLite takes 999 parameters

_SERIES, _ROLLUP, _NODE = (model._meta.db_table for model in (Series, Rollup, Node))
_COLUMNS = ("digest", *KEYS, *NAMES, "is_coarse")
_IS_EMPTIED = [name not in COARSE for name in (*KEYS, *NAMES)]
_ADD_SERIES = (
    f"INSERT INTO {_SERIES} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "
    "ON CONFLICT (digest) DO UPDATE SET "
    + ", ".join(
        f"{name} = CASE WHEN excluded.{name} = '' THEN {_SERIES}.{name} ELSE excluded.{name} END"
        for name in NAMES
    )
)
_WRITE = (
    f"INSERT INTO {_ROLLUP} (minutes, start, series_id, figures) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (minutes, start, series_id) DO UPDATE SET figures = excluded.figures"
)

Kept = tuple[Any, ...]  # the values of KEYS and NAMES, and whether it is a coarse series
Span = tuple[int, int, int]  # minutes, start, series
Record = Mapping[str, Any]


class Rollups:
    """Adds to the sums within somebody's transaction, and remembers the ids of series across transactions."""

    def __init__(self) -> None:
        self._known: dict[Kept, int] = {}
        self._new: dict[Kept, int] = {}  # to be remembered if the transaction commits

    def add(self, cursor: Any, records: Iterable[Record], of: Callable[[Record], int] = figures.of) -> None:
        """The caller holds the locks of the records' nodes."""
        self._apply(cursor, ((record, of(record)) for record in records), (EVER, *FINE_SPANS))

    def change(self, cursor: Any, changes: Iterable[tuple[Record, Record]]) -> None:
        """The figures, and the series, of records from what they were to what they are.

        Of all of time only the series: a counter whose figures go back reads as a restart.
        """
        pairs = list(changes)
        taken = ((before, -figures.of(before)) for before, _ in pairs)
        given = ((after, figures.of(after)) for _, after in pairs)
        self._apply(cursor, chain(taken, given), FINE_SPANS)
        moved = [(before, after) for before, after in pairs if kept_of(before) != kept_of(after)]
        left = ((before, -figures.of(before)) for before, _ in moved)
        come = ((after, figures.of(before)) for before, after in moved)
        self._apply(cursor, chain(left, come), (EVER,), ())

    def committed(self) -> None:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        self._known.update(self._new)
        self._new.clear()

    def undone(self) -> None:
        self._new.clear()

    def _apply(
        self,
        cursor: Any,
        changes: Iterable[tuple[Record, int]],
        fine: Sequence[int],
        coarse: Sequence[int] = COARSE_SPANS,
    ) -> None:
        quarters: dict[tuple[int, Kept], int] = defaultdict(int)
        for record, change in changes:
            quarters[start_of(_seconds(record["id"]), QUARTER), kept_of(record)] += change
        sums: dict[tuple[int, int, Kept], int] = defaultdict(int)
        for (start, kept), change in quarters.items():
            for series, lengths in ((kept, fine), (coarse_of(kept), coarse)):
                for minutes in lengths:
                    sums[minutes, start_of(start, minutes), series] += change
        spans: dict[Span, int] = defaultdict(int)
        for (minutes, start, kept), change in sums.items():
            spans[minutes, start, self._series(cursor, kept)] += change
        write(cursor, spans)

    def _series(self, cursor: Any, kept: Kept) -> int:
        known = self._known.get(kept) or self._new.get(kept)
        if known is None:
            known = self._new[kept] = series_id(cursor, kept)
        return known


def series_id(cursor: Any, kept: Kept) -> int:
    """Of a series that there is from now on."""
    key = kept[: len(KEYS)] if not kept[-1] else ("coarse", *kept[: len(KEYS)])
    digest = hashlib.blake2b(orjson.dumps(key), digest_size=16).hexdigest()
    cursor.execute(_ADD_SERIES, [digest, *kept])
    cursor.execute(f"SELECT id FROM {_SERIES} WHERE digest = %s", [digest])
    return int(cursor.fetchone()[0])


def write(cursor: Any, changes: Mapping[Span, int]) -> None:
    """Adds to what is stored."""
    ordered = iter(sorted(changes))
    while chunk := list(islice(ordered, CHUNK)):
        stored = _stored(cursor, chunk)
        cursor.executemany(
            _WRITE, [(*span, figures.pack(stored.get(span, 0) + changes[span])) for span in chunk]
        )


def adjust(using: str, changes: Sequence[tuple[Record, Record]]) -> None:
    """For whoever changes the figures of stored records, in the transaction that does: (before, after) of
    each, with `COLUMNS` by name.
    """
    nodes = sorted({after["node"] for _, after in changes})
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for node in nodes:
            cursor.execute(f"UPDATE {_NODE} SET seq = seq WHERE id = %s", [node])
        Rollups().change(cursor, changes)


def kept_of(record: Record) -> Kept:
    return (
        *(record[name] or ("" if name != "status_code" else 0) for name in KEYS),
        *(record[name] or "" for name in NAMES),
        False,
    )


def coarse_of(kept: Kept) -> Kept:
    """The coarse series beside one that is not."""
    values = zip(kept, _IS_EMPTIED, strict=False)
    return (*(type(value)() if is_emptied else value for value, is_emptied in values), True)


def _seconds(id: Any) -> int:
    """Of a UUIDv7: when it was made."""
    return int(str(id).replace("-", "")[:12], 16) // 1000


def _stored(cursor: Any, spans: list[Span]) -> dict[Span, int]:
    marks = ", ".join(["(%s, %s, %s)"] * len(spans))
    # SQLite would read the whole table for `(…) IN (VALUES …)`, and keeps to the order of a CROSS JOIN.
    cursor.execute(
        f"WITH wanted (minutes, start, series_id) AS (VALUES {marks}) "
        f"SELECT r.minutes, r.start, r.series_id, r.figures FROM wanted w CROSS JOIN {_ROLLUP} r "
        "WHERE r.minutes = w.minutes AND r.start = w.start AND r.series_id = w.series_id",
        [value for span in spans for value in span],
    )
    return {
        (minutes, start, series): figures.unpack(stored)
        for minutes, start, series, stored in cursor.fetchall()
    }
