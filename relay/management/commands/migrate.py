"""Django's own, after giving a new SQLite file what cannot be given to one with tables."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor == "sqlite" and not connection.introspection.table_names():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
                cursor.execute("VACUUM")
        super().handle(*args, **options)
