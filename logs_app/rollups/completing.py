"""What sums lack that were made before it was counted: coarse series, and calls that were left unused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from logs_app.models import Rollup, Series
from logs_app.rollups import adding, figures
from logs_app.rollups.spans import DAY, DAY_SECONDS, QUARTER, start_of


def complete(cursor: Any) -> None:
    """A day at a time: a million records have some hundred thousand sums."""
    coarse = {id: adding.series_id(cursor, kept) for id, kept in _wanted(cursor)}
    table = Rollup._meta.db_table
    cursor.execute(f"SELECT MIN(start), MAX(start) FROM {table} WHERE minutes = %s", [QUARTER])
    first, last = cursor.fetchone()
    if first is None:
        return
    for day in range(start_of(first, DAY), last + 1, DAY_SECONDS):
        cursor.execute(
            f"SELECT start, series_id, figures FROM {table} "
            "WHERE minutes = %s AND start >= %s AND start < %s",
            [QUARTER, day, day + DAY_SECONDS],
        )
        adding.write(cursor, _sums(cursor.fetchall(), coarse))


def count_left(cursor: Any, records: Iterable[adding.Record]) -> None:
    """Of calls whose client left before anything could be charged, as far as their records are kept."""
    adding.Rollups().add(cursor, records, lambda record: figures.LEFT_UNUSED)


def _wanted(cursor: Any) -> list[tuple[int, adding.Kept]]:
    """The coarse series beside each that is not."""
    columns = ", ".join(("id", *adding.KEYS, *adding.NAMES))
    cursor.execute(f"SELECT {columns} FROM {Series._meta.db_table} WHERE NOT is_coarse ORDER BY id")
    return [(id, adding.coarse_of((*kept, False))) for id, *kept in cursor.fetchall()]


def _sums(rows: list[tuple[int, int, bytes]], coarse: dict[int, int]) -> dict[adding.Span, int]:
    sums: dict[adding.Span, int] = defaultdict(int)
    for start, series, stored in rows:
        for minutes in adding.COARSE_SPANS:
            sums[minutes, start_of(start, minutes), coarse[series]] += figures.unpack(stored)
    return sums
