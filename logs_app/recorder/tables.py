"""The tables that a batch goes into, and two ways to write rows into one.

`copy` takes PostgreSQL a fraction of the work, and refuses a batch of which a row is there already. `insert`
leaves such a row as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from django.db.models import Model

from logs_app.assembly import Row
from logs_app.models import Attempt, LogPayload, LogRecord, RecordTag

Values = tuple[Any, ...]


class Table:
    def __init__(self, model: type[Model]) -> None:
        names = [field.attname for field in model._meta.concrete_fields]
        columns = ", ".join(names)
        key = ", ".join(field.attname for field in model._meta.pk_fields)
        marks = ", ".join(["%s"] * len(names))
        table = model._meta.db_table
        self.insert = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO NOTHING"
        self.copy = f"COPY {table} ({columns}) FROM STDIN"
        self.values: Callable[[Row], Values] = itemgetter(*names)


Way = Callable[[Any, Table, list[Values]], None]

RECORDS, PAYLOADS, ATTEMPTS, TAGS = Table(LogRecord), Table(LogPayload), Table(Attempt), Table(RecordTag)


def copy(cursor: Any, table: Table, rows: list[Values]) -> None:
    if rows:
        cursor.copy(table.copy, rows)


def insert(cursor: Any, table: Table, rows: list[Values]) -> None:
    cursor.executemany(table.insert, rows)
