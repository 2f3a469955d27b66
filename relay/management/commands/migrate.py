"""Django's own, after giving a new SQLite file what one with tables cannot get; also for all databases."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from relay.start import first_run, schema


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--all-databases",
            action="store_true",
            help="Bring each database up to date as a start of the relay does, and do nothing else.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options.get("all_databases"):
            with schema.exclusive():
                first_run.bring_up_to_date(self.stdout.write)
            return
        connection = connections[options["database"]]
        if connection.vendor == "sqlite" and not connection.introspection.table_names():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
                cursor.execute("VACUUM")
        super().handle(*args, **options)
