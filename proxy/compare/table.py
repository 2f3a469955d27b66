"""The calls of a comparison as CSV, a row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logs_app.exporting import csvtable
from proxy.compare.summary import COLUMNS, Row


def lines(rows: Iterable[Row], checks: list[str]) -> Iterator[bytes]:
    """`checks` are the names of the checks, each of which is a column."""
    yield csvtable.row_bytes([*COLUMNS, *checks])
    for row in rows:
        passed = row.get("checks") or {}
        yield csvtable.row_bytes([*map(row.get, COLUMNS), *map(passed.get, checks)])
