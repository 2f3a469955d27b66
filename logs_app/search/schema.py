"""The index of trigrams: FTS5 on SQLite, pg_trgm on PostgreSQL.

Where the database has neither (an old SQLite, an extension that this user may not create), search goes on
over the newest texts only; `manage.py search_index --rebuild` tries again.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error, transaction

TEXTS, FULL_TEXT, INDEX = "logs_app_searchtext", "logs_app_searchtext_words", "search_text_trigrams"

# Without positions the index is a third of the size; that the letters stand together is seen in the text.
SQLITE = (
    f"CREATE VIRTUAL TABLE {FULL_TEXT} USING fts5("
    f"text, content='{TEXTS}', content_rowid='id', tokenize='trigram', detail=none)",
    f"CREATE TRIGGER {FULL_TEXT}_insert AFTER INSERT ON {TEXTS} BEGIN "
    f"INSERT INTO {FULL_TEXT} (rowid, text) VALUES (new.id, new.text); END",
    f"CREATE TRIGGER {FULL_TEXT}_delete AFTER DELETE ON {TEXTS} BEGIN "
    f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rowid, text) VALUES ('delete', old.id, old.text); END",
)
SQLITE_REMOVAL = (
    f"DROP TRIGGER IF EXISTS {FULL_TEXT}_insert",
    f"DROP TRIGGER IF EXISTS {FULL_TEXT}_delete",
    f"DROP TABLE IF EXISTS {FULL_TEXT}",
)
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TEXTS} USING gin (text gin_trgm_ops)",
)
POSTGRESQL_BESIDE = POSTGRESQL[1].replace("INDEX", "INDEX CONCURRENTLY", 1)
POSTGRESQL_REMOVAL = (f"DROP INDEX IF EXISTS {INDEX}",)

log = logging.getLogger(__name__)


def install(connection: Any) -> bool:
    """Whether the database can do it."""
    statements = SQLITE if connection.vendor == "sqlite" else POSTGRESQL
    try:
        with transaction.atomic(using=connection.alias):
            _execute(connection, statements)
    except Error as error:
        log.warning("Search has no index here and looks at the newest records only: %s", error)
        return False
    return True


def install_beside(connection: Any) -> bool:
    """While others write. Built at the end it takes a fraction of the time of growing with each text."""
    if connection.vendor == "sqlite":
        return is_installed(connection)
    if connection.in_atomic_block:
        return install(connection)
    try:
        _execute(connection, (POSTGRESQL[0], POSTGRESQL_BESIDE))
    except Error as error:
        log.warning("The search index could not be made: %s", error)
        return False
    return True


def remove(connection: Any) -> None:
    _execute(connection, SQLITE_REMOVAL if connection.vendor == "sqlite" else POSTGRESQL_REMOVAL)


def is_installed(connection: Any) -> bool:
    if connection.vendor == "sqlite":
        question = f"SELECT 1 FROM sqlite_master WHERE name = '{FULL_TEXT}_insert'"
    else:
        question = f"SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{INDEX}') AND indisvalid"
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone() is not None


def _execute(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
