"""From SQLite to PostgreSQL."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.audit import audit
from accounts.audit.audit import Actor
from relay import moving
from relay.environment import notices
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
        file, logs_file, began_at = options["file"], options["logs_from"], time.monotonic()
        with ExitStack() as locks:
            for folder in _folders(file, logs_file):
                locks.enter_context(exclusion.only_one(folder))
            try:
                count = moving.move(file, logs_file, self._say)
            except moving.NotMoved as error:
                raise CommandError(str(error)) from None
        audit.record(Actor("command", "copy_database"), "database.copy", detail={"rows": count})
        with suppress(OSError):  # the file may lie where nothing can be written
            notices.moved_mark(file).write_text(f"{timezone.now():%Y-%m-%d %H:%M} UTC\n")
        took = time.monotonic() - began_at
        self._say(f"{count:,} rows copied in {took:.0f} s. Start the relay; {file} is not used any more.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _folders(*files: Path | None) -> set[Path]:
    """This relay's, and those of the relays that the files belong to: none of them may run."""
    beside = {file.absolute().parent for file in files if file is not None}
    return {settings.DATA_DIR.absolute()} | {folder for folder in beside if exclusion.is_of_relay(folder)}
