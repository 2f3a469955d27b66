"""Brings the databases up to date, one process at a time however many start at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

# Any number that no other program takes on the same database ("llmrelay" in ASCII).
LOCK_NUMBER = 0x6C6C6D72656C6179


@contextmanager
def exclusive() -> Iterator[None]:
    """One node at a time on PostgreSQL; a SQLite file has only one node, by serve.lock."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_NUMBER])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_NUMBER])


def migrate(say: Callable[[str], None]) -> None:
    """Within `exclusive`. A database that is up to date costs a look, not a run of `migrate`."""
    for alias in connections:
        if count := pending(alias):
            say(f"Preparing the database {alias!r}: {count} migrations")
            call_command("migrate", database=alias, interactive=False, verbosity=0)


def is_set_up(alias: str) -> bool:
    """Whether a relay was ever started on it. Makes no file where there is none."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    return MigrationRecorder.Migration._meta.db_table in connection.introspection.table_names()


def pending(alias: str) -> int:
    """How many migrations it lacks."""
    executor = MigrationExecutor(connections[alias])
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
