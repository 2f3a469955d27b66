from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from relay import backup
from relay.backup import BackupFailed

DUMP = "pg_dump --format=custom --file={file} --dbname={address}"


class Command(BaseCommand):
    help = (
        "Copies keys, journal and SQLite databases into a new folder, while the relay serves. "
        "A relay starts from it with DATA_DIR."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        output = options["output"].absolute()
        try:
            lines = backup.make(output)
        except BackupFailed as error:
            raise CommandError(str(error)) from None
        self._say(f"{output} holds", *(f"  {line}" for line in lines))
        self._tell_what_is_elsewhere(output)
        self._say("Whoever has this folder has the keys in it. docs/operations.md says how to restore it.")

    def _tell_what_is_elsewhere(self, output: Path) -> None:
        for alias in backup.databases_elsewhere():
            variable = "LOG_DATABASE_URL" if alias == "logs" else "DATABASE_URL"
            file = shlex.quote(str(output / f"{alias}.dump"))
            self._say(
                f"The database of {variable} is not in it. Dump it now, after the journal:",
                "  " + DUMP.format(file=file, address=f'"${variable}"'),
            )
        for variable in backup.secrets_elsewhere():
            self._say(f"{variable} is not in it: it is set outside of the data folder. Keep it too.")

    def _say(self, *lines: str) -> None:
        self.stdout.write("\n".join(lines))
