"""Reads the configuration out of the database: once whole, then only the keys that changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.db import Error as DatabaseError
from django.db import connections
from django.db.models import Min

from accounts import configversion
from accounts.models import ConfigChange

from .. import models
from ..cache import purges
from . import keyring
from .configuration import Key, Snapshot
from .keyring import Keyring
from .rows import routing_of

MAX_CHANGES = 500  # beyond, reading everything costs less than asking for each
BEGIN = {"sqlite": "BEGIN DEFERRED", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
ROUTING_TABLES = {
    model._meta.db_table
    for model in (
        models.Provider,
        models.Route,
        models.Route.providers.through,
        models.RouteProcessor,
        models.Processor,
        models.RelaySettings,
    )
}

Changes = dict[str, set[str]]  # primary keys by table; an empty one stands for the whole table


class Loader:
    """For one thread at a time, the one that holds `lock`."""

    def __init__(self, using: str) -> None:
        self.lock = threading.Lock()
        self._using = using
        self._snapshot: Snapshot | None = None
        self._keyring = Keyring(using)

    def forget(self) -> None:
        """After an outage: a restored database may have our version and other rows."""
        self._snapshot = None

    def advance(self) -> Snapshot:
        """The snapshot of the database's version; reads one row when it has not moved."""
        if self._snapshot is None or configversion.current(self._using) != self._snapshot.version:
            with one_moment(connections[self._using]):
                self._snapshot = self._read(configversion.current(self._using), self._snapshot)
        return self._snapshot

    def _read(self, version: int, old: Snapshot | None) -> Snapshot:
        changes = None if old is None else self._changes(old.version, version)
        if old is None or changes is None:
            return self._read_routing(version, self._keyring.read_all())
        keys = self._keyring.read_changed(old.keys, changes)
        if not ROUTING_TABLES & changes.keys():
            found = purges.read(self._using) if purges.TABLE in changes else old.purges
            return replace(old, version=version, keys=keys, purges=found)
        return self._read_routing(version, keys)

    def _read_routing(self, version: int, keys: Mapping[bytes, Key]) -> Snapshot:
        return routing_of(version, keys, self._using)

    def _changes(self, old_version: int, version: int) -> Changes | None:
        """None when they are not all known, or too many to follow one by one."""
        log = ConfigChange.objects.using(self._using)
        oldest = log.aggregate(Min("version"))["version__min"]
        if oldest is None or not oldest <= old_version < version:
            return None
        rows = log.filter(version__gt=old_version).values_list("table_name", "row_pk")[: MAX_CHANGES + 1]
        changes: Changes = {}
        for table, row_pk in rows:
            changes.setdefault(table, set()).add(row_pk)
        is_whole_table = any("" in changes.get(table, ()) for table in keyring.TABLES)
        return None if is_whole_table or len(rows) > MAX_CHANGES else changes


@contextmanager
def one_moment(connection: Any) -> Iterator[None]:
    """All reads inside see the same commit, without a lock that a writer would wait for.

    Not `atomic()`: on SQLite that is IMMEDIATE here, which takes the one write lock.
    """
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(BEGIN[connection.vendor])
    try:
        yield
    finally:
        # A connection that died has nothing left to roll back, and the first error says more.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
