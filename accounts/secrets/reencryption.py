"""Stored secrets brought under the newest of FIELD_ENCRYPTION_KEYS, so that the older ones can go.

What already is under the newest key is passed over, so a second run goes on where the first was stopped. A
value that somebody changes meanwhile is left alone: it was encrypted anew just then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connections, models, router

from ..fields import EncryptedTextField
from . import encryption
from .encryption import DecryptionError

CHUNK_ROWS = 200


@dataclass(slots=True)
class Progress:
    """Of one column; `unreadable` are the primary keys of rows whose value no key opens."""

    model: type[models.Model]
    column: EncryptedTextField
    total: int = 0
    done: int = 0
    changed: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.column.name}"


def columns() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedTextField):
                yield model, column


def reencrypt(
    model: type[models.Model], column: EncryptedTextField, chunk_rows: int = CHUNK_ROWS
) -> Iterator[Progress]:
    """Yields after every chunk of rows, and once for a table without any."""
    using = router.db_for_write(model)
    rows = model._base_manager.using(using).order_by("pk")
    progress = Progress(model, column, total=rows.count())
    chunk = list(rows.values_list("pk", column.name)[:chunk_rows])
    while chunk:
        for pk, stored in chunk:
            if stored and not encryption.is_newest(stored):
                _renew(progress, using, pk, str(stored))
        progress.done += len(chunk)
        yield progress
        chunk = list(rows.filter(pk__gt=chunk[-1][0]).values_list("pk", column.name)[:chunk_rows])
    if not progress.done:
        yield progress


def _renew(progress: Progress, using: str, pk: Any, stored: str) -> None:
    try:
        renewed = encryption.encrypt(encryption.decrypt(stored))
    except DecryptionError:
        progress.unreadable.append(str(pk))
        return
    progress.changed += _replace(progress, using, pk, stored, renewed)


def _replace(progress: Progress, using: str, pk: Any, old: str, new: str) -> int:
    """Plain SQL, because the field compares with nothing."""
    connection = connections[using]
    meta = progress.model._meta
    names = (meta.db_table, str(progress.column.column), str(meta.pk.column))
    table, column, key = map(connection.ops.quote_name, names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",
            [new, meta.pk.get_db_prep_value(pk, connection), old],
        )
        return cursor.rowcount
