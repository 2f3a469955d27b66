"""Giving the space of deleted rows back to the machine, a few pages at a time.

PostgreSQL's autovacuum does it by itself: freed space is used again for new rows, and the end of a table is
cut off. SQLite does it when asked, in files that were made for it (`auto_vacuum=INCREMENTAL`, by `migrate`).
"""

from __future__ import annotations

from typing import Any

INCREMENTAL = 2


def can_be_given_back(connection: Any) -> bool:
    return connection.vendor == "sqlite" and _pragma(connection, "auto_vacuum") == INCREMENTAL


def free_pages(connection: Any) -> int:
    return _pragma(connection, "freelist_count")


def page_bytes(connection: Any) -> int:
    return _pragma(connection, "page_size")


def give_back(connection: Any, pages: int) -> None:
    with connection.cursor() as cursor:
        # Each row that is fetched is a page.
        cursor.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()


def _pragma(connection: Any, name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])
