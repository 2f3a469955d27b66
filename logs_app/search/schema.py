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


def remove(connection: Any) -> None:
    _execute(connection, SQLITE_REMOVAL if connection.vendor == "sqlite" else POSTGRESQL_REMOVAL)


def is_installed(connection: Any) -> bool:
    if connection.vendor == "sqlite":
        question = f"SELECT 1 FROM sqlite_master WHERE name = '{FULL_TEXT}_insert'"
    else:
        question = f"SELECT 1 WHERE to_regclass('{INDEX}') IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone() is not None


def _execute(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
