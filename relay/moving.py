"""All that a relay has in SQLite, into the databases that it is set to now: when one machine is outgrown.

All or nothing: it is one transaction. Values are copied as they are stored, so what is encrypted stays so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, connections, models, router, transaction

from accounts.fields import EncryptedTextField
from accounts.secrets import encryption
from logs_app.models import LogRecord
from logs_app.search import schema as search
from proxy.models import RelaySettings
from relay.environment import databases
from relay.start import first_run, schema

Model = type[models.Model]
Say = Callable[[str], None]

ORIGIN, ORIGIN_LOGS = "origin", "origin_logs"
# Each database counts its own changes of configuration; a start reads all of it anyway.
OWN = frozenset({"accounts.configversion", "accounts.configchange"})
BATCH_ROWS = 500
# Payloads have up to 10 MB, and their words nearly as much.
LARGE = {"logs_app.logpayload": 20, "logs_app.searchtext": 50}
REPORT_SECONDS = 2.0


class NotMoved(Exception):
    """Says why; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Table:
    model: Model
    origin: str
    target: str

    @property
    def fields(self) -> list[Any]:
        return list(self.model._meta.concrete_fields)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        names = [field.attname for field in self.fields]
        found = self.model._base_manager.using(self.origin).order_by().values_list(*names)
        return found.iterator(chunk_size=self.batch)

    def count(self, alias: str) -> int:
        return self.model._base_manager.using(alias).count()

    @property
    def batch(self) -> int:
        return LARGE.get(self.model._meta.label_lower, BATCH_ROWS)


def move(file: Path, logs_file: Path | None, say: Say) -> int:
    """How many rows. `logs_file` is what LOG_DATABASE_URL named, if it named one. Raises NotMoved."""
    _refuse_what_is_no_origin(file, logs_file)
    try:
        with schema.exclusive(), _origins(file, logs_file):
            tables = list(_tables(ORIGIN_LOGS if logs_file else ORIGIN))
            _refuse_what_is_in_use(tables)
            _refuse_another_release(tables)
            _refuse_another_key(tables)
            first_run.bring_up_to_date(say)
            total = _move(tables, say)
    except Error as error:
        raise NotMoved(f"Nothing was copied. {error}") from error
    _finish({table.target for table in tables}, say)
    return total


def _refuse_what_is_no_origin(file: Path, logs_file: Path | None) -> None:
    targets = {Path(str(connections[alias].settings_dict["NAME"])).absolute() for alias in connections}
    for path in filter(None, (file, logs_file)):
        if not path.is_file():
            raise NotMoved(f"There is no database {path}. Name the SQLite file with --from.")
        if path.absolute() in targets:
            raise NotMoved(
                f"DATABASE_URL or LOG_DATABASE_URL still names {path}. Set it to the new database first."
            )


@contextmanager
def _origins(file: Path, logs_file: Path | None) -> Iterator[None]:
    """Further databases, which the migrations and the router do not know of."""
    paths = {ORIGIN: file} | ({ORIGIN_LOGS: logs_file} if logs_file else {})
    for alias, path in paths.items():
        connections.settings[alias] = connections.configure_settings(
            {DEFAULT_DB_ALIAS: {}, alias: databases.sqlite(path)}
        )[alias]
    try:
        yield
    finally:
        for alias in paths:
            connections[alias].close()
            del connections[alias]
            del connections.settings[alias]


def _tables(logs_origin: str) -> Iterator[Table]:
    records = databases.LogsRouter()
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and meta.label_lower not in OWN:
            is_of_records = records.db_for_read(model) is not None
            origin = logs_origin if is_of_records else ORIGIN
            yield Table(model, origin, router.db_for_write(model) or DEFAULT_DB_ALIAS)


def _refuse_another_release(tables: Sequence[Table]) -> None:
    if any(schema.pending(alias) for alias in {table.origin for table in tables}):
        raise NotMoved("The SQLite file is of another release: start this one on it once, then stop it.")


def _refuse_another_key(tables: Sequence[Table]) -> None:
    """One value may be of a lost key; where none can be read, the key is another's."""
    sealed = [value for table in tables for value in _sealed(table)]
    if sealed and not any(map(_opens, sealed)):
        raise NotMoved(
            "Nothing that is encrypted in the SQLite file can be read with the key of this relay: bring "
            "`encryption_key` along from its DATA_DIR, or set FIELD_ENCRYPTION_KEYS."
        )


def _sealed(table: Table) -> Iterator[str]:
    for field in table.fields:
        if isinstance(field, EncryptedTextField):
            values = table.model._base_manager.using(table.origin).values_list(field.attname, flat=True)
            yield from filter(None, values)


def _opens(value: str) -> bool:
    try:
        encryption.decrypt(value)
    except encryption.DecryptionError:
        return False
    return True


def _refuse_what_is_in_use(tables: Sequence[Table]) -> None:
    """Before anything is written there: what the new tables hold is replaced, also records of another."""
    for table in tables:
        is_telling = table.model in (RelaySettings, LogRecord) and schema.is_set_up(table.target)
        if is_telling and table.model._base_manager.using(table.target).exists():
            raise NotMoved("A relay was started on the new database already. Give an empty one.")


def _move(tables: Sequence[Table], say: Say) -> int:
    targets = {table.target for table in tables}
    with ExitStack() as transactions:
        # That of the origin keeps everybody else from writing there.
        for alias in sorted(targets | {table.origin for table in tables}):
            transactions.enter_context(transaction.atomic(using=alias))
        _without_search_index(targets)
        for table in tables:  # what the migrations have put there: permissions, roles, prices
            table.model._base_manager.using(table.target)._raw_delete(table.target)
        total = sum(_copy(table, say) for table in tables)
        for alias in targets:
            _count_on(alias, [table.model for table in tables if table.target == alias])
    return total


def _without_search_index(targets: set[str]) -> None:
    """Made at the end it takes a fraction of the time; that of SQLite is a table with triggers, and stays."""
    for alias in targets:
        if connections[alias].vendor == "postgresql":
            search.remove(connections[alias])


def _copy(table: Table, say: Say) -> int:
    label, expected = table.model._meta.label, table.count(table.origin)
    copied, began_at = 0, time.monotonic()
    told_at = began_at
    rows = table.rows()
    while batch := list(islice(rows, table.batch)):
        try:
            _insert(table, batch)
        except Error as error:
            raise NotMoved(f"Nothing was copied. {label}: {error}") from error
        copied += len(batch)
        if time.monotonic() > told_at + REPORT_SECONDS:
            told_at = time.monotonic()
            say(f"  {label}: {copied:,} of {expected:,}, {copied / (told_at - began_at):,.0f}/s")
    if copied != table.count(table.target):
        raise NotMoved(f"Nothing was copied: {label} would have lost rows.")
    if copied:
        say(f"  {label}: {copied:,}")
    return copied


def _insert(table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    connection = connections[table.target]
    quote, fields = connection.ops.quote_name, table.fields
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    stored = [
        tuple(field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True))
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(table.model._meta.db_table)} ({columns}) VALUES ({places})", stored
        )


def _count_on(alias: str, moved: list[Model]) -> None:
    connection = connections[alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), moved):
            cursor.execute(statement)


def _finish(targets: set[str], say: Say) -> None:
    """All is there by now: what fails here can be done again."""
    for connection in (connections[alias] for alias in targets):
        if connection.vendor == "postgresql":
            say("  search index, statistics of the tables")
            try:
                search.install_beside(connection)
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
            except Error as error:
                say(f"All is copied, but: {error}. manage.py search_index --rebuild makes the index anew.")
