"""A cursor whose parameters the server binds.

Django's for PostgreSQL writes them into the statement: bodies become hexadecimal digits, and each of a
hundred columns is quoted. For reading that is nothing; for the recorder it was half of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

Parameters = Sequence[Any]


class BoundCursor:
    """Raises Django's errors, as its own cursors do."""

    def __init__(self, cursor: psycopg.Cursor[Any], errors: Any) -> None:
        self._cursor, self._errors = cursor, errors

    def execute(self, statement: str, parameters: Parameters = ()) -> None:
        with self._errors:
            self._cursor.execute(statement, parameters or None)

    def executemany(self, statement: str, rows: Iterable[Parameters]) -> None:
        with self._errors:
            self._cursor.executemany(statement, rows)

    def copy(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Rows on their way into a table as one stream (COPY … FROM STDIN)."""
        with self._errors, self._cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)

    def fetchone(self) -> Any:
        with self._errors:
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with self._errors:
            return self._cursor.fetchall()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


@contextmanager
def cursor(connection: Any) -> Iterator[Any]:
    if connection.vendor != "postgresql":
        with connection.cursor() as own:
            yield own
        return
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as bound:
        yield BoundCursor(bound, connection.wrap_database_errors)
