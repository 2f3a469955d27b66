"""Databases of their own for tests that commit, break connections or write from another process.

`scratch` is a migrated SQLite file, and a PostgreSQL database too where TEST_DATABASE_URL names a server.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import ConnectionHandler, connections

from relay.environment import databases
from tests import templates

only_sqlite = pytest.mark.parametrize("scratch", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("scratch", ["postgresql"], indirect=True)
NO_SERVER = "TEST_DATABASE_URL names no PostgreSQL server"
ELSEWHERE = """
import sys, sqlite3, psycopg
vendor, target, sql = sys.argv[1:]
connection = sqlite3.connect(target, timeout=20) if vendor == "sqlite" else psycopg.connect(target)
with connection:
    connection.execute(sql)
"""


@dataclass
class Scratch:
    alias: str
    settings: dict[str, Any]

    @property
    def vendor(self) -> str:
        return "sqlite" if "sqlite" in self.settings["ENGINE"] else "postgresql"

    @property
    def path(self) -> Path:
        return Path(self.settings["NAME"])

    @property
    def url(self) -> str:
        """As DATABASE_URL says it."""
        if self.vendor == "sqlite":
            return f"sqlite:///{self.path}"
        user, host, port = (quote(str(self.settings[key]), safe="") for key in ("USER", "HOST", "PORT"))
        password = quote(self.settings["PASSWORD"] or "", safe="")
        return f"postgres://{user}:{password}@{host}:{port}/{self.settings['NAME']}"

    @property
    def dsn(self) -> str:
        wanted = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
        return psycopg.conninfo.make_conninfo(
            **{k: self.settings[v] for k, v in wanted.items() if self.settings[v]}
        )

    def open(self) -> Any:
        """A connection of the driver's own, past everything of Django's."""
        return (
            sqlite3.connect(self.path, timeout=20) if self.vendor == "sqlite" else psycopg.connect(self.dsn)
        )

    def execute(self, *statements: str) -> None:
        with closing(self.open()) as connection, connection:
            for sql in statements:
                connection.execute(sql)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self.open()) as connection:
            return [tuple(row) for row in connection.execute(sql).fetchall()]

    def execute_elsewhere(self, sql: str) -> None:
        """In another process."""
        target = str(self.path) if self.vendor == "sqlite" else self.dsn
        subprocess.run([sys.executable, "-c", ELSEWHERE, self.vendor, target, sql], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def scratch(request: Any, tmp_path: Path, django_db_blocker: Any) -> Iterator[Scratch]:
    server_url = os.environ.get("TEST_DATABASE_URL", "")
    if request.param == "sqlite":
        settings = databases.sqlite(tmp_path / "relay.db")
        templates.copy_sqlite(settings["NAME"])
    elif server_url:
        settings = databases.configure("TEST_DATABASE_URL", server_url, tmp_path, conn_max_age_seconds=60)
        settings["NAME"] = f"scratch_{uuid.uuid4().hex}"
        templates.create_postgresql(server_url, settings["NAME"])
    else:
        pytest.skip(NO_SERVER)
    with django_db_blocker.unblock(), connected(settings) as alias:
        yield Scratch(alias, settings)


@contextmanager
def connected(settings: dict[str, Any]) -> Iterator[str]:
    alias = f"scratch_{uuid.uuid4().hex}"
    connections.settings[alias] = ConnectionHandler({"default": settings}).settings["default"]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
