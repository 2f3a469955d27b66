"""From SQLite to PostgreSQL."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import audit
from accounts.audit.audit import Actor
from relay import moving
from relay.processes import exclusion


class Command(BaseCommand):
    help = (
        "Copies everything from the SQLite file that a relay used into the empty database that DATABASE_URL "
        "names now. The relay must be stopped; the file is only read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="file",
            type=Path,
            default=settings.DATA_DIR / "relay.db",
            metavar="FILE",
            help="the SQLite file (default %(default)s)",
        )
        parser.add_argument(
            "--logs-from", type=Path, metavar="FILE", help="that of the records, if there was one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file, began_at = options["file"], time.monotonic()
        with exclusion.only_one(settings.DATA_DIR):
            try:
                count = moving.move(file, options["logs_from"], self._say)
            except moving.NotMoved as error:
                raise CommandError(str(error)) from None
        audit.record(Actor("command", "copy_database"), "database.copy", detail={"rows": count})
        took = time.monotonic() - began_at
        self._say(f"{count:,} rows copied in {took:.0f} s. Start the relay; {file} is not used any more.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
