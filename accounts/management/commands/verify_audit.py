from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from accounts.audit import chain, jsonlines
from accounts.models import AuditEvent, AuditHead


class Command(BaseCommand):
    help = (
        "Checks the chains of the audit trail, in the database and in the file, and prints the hashes at "
        "their ends. Exit code 0: whole; 1: something was changed or deleted."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="this file only, such as a copy of AUDIT_LOG_FILE")
        parser.add_argument(
            "--contains",
            metavar="HASH",
            help="a hash that was printed before: fails unless the chain still has it, so that a trail that "
            "was written anew from that event on shows too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            faults = self._verify(options["file"], options["contains"])
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        if faults:
            raise CommandError(f"The audit trail is not whole. Faults: {faults}.")

    def _verify(self, file: Path | None, hash: str | None) -> int:
        path: Path | None = file or settings.AUDIT_LOG_FILE
        found, has_hash = 0, False
        if settings.AUDIT_STORE_IN_DB and not file:
            found += self._report(f"database ({AuditEvent.objects.count()} events)", chain.faults())
            self._print_ends()
            has_hash = hash is not None and chain.contains(hash)
        if path and path.exists():
            found += self._report(str(path), jsonlines.faults(path))
            has_hash = has_hash or (hash is not None and jsonlines.contains(path, hash))
        elif file:
            raise CommandError(f"There is no file {file}.")
        if hash is not None and not has_hash:
            self.stderr.write(f"No event has the hash {hash}: the trail was written anew.")
            found += 1
        return found

    def _report(self, where: str, faults: Iterable[str]) -> int:
        lines = list(faults)
        for line in lines:
            self.stderr.write(line)
        if not lines:
            self.stdout.write(f"{where}: whole")
        return len(lines)

    def _print_ends(self) -> None:
        for head in AuditHead.objects.order_by("node"):
            self.stdout.write(f"node {head.node}: event {head.seq} is the last, its hash {head.hash}")
