"""Makes the database say what the environment or a file says, and writes such a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.audit import audit
from accounts.audit.audit import Actor
from accounts.provisioning import Difference
from accounts.secrets import keyfiles
from proxy import files
from proxy.configuration import provisioning

ACTOR = Actor("command", "sync_config")
DIFFERENCES_FOUND = 1
REFUSED = 2


class Command(BaseCommand):
    help = (
        "Copies the environment into the database: provider default from TARGET_*, key default from "
        "PROXY_KEY, the admin's password and the settings; only variables that are set count. With --file "
        "imports providers, routes, processors and settings instead, with --keys the keys of another "
        "system. Exits with 0 when the database agrees "
        "afterwards, with 1 when --dry-run found differences, with 2 when something is refused."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--file", type=Path, metavar="PATH", help="import a TOML or YAML file")
        what.add_argument(
            "--keys",
            type=Path,
            metavar="PATH",
            help="import keys by their SHA-256: a name and a digest a line",
        )
        what.add_argument(
            "--export",
            nargs="?",
            const="-",
            metavar="PATH",
            help="write TOML without secrets; - is standard output",
        )
        parser.add_argument("--dry-run", action="store_true", help="print the differences, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["export"]:
            self._export(options["export"])
        elif options["file"]:
            self._settle(self._differences_of(options["file"]), "the file", options["dry_run"])
        elif options["keys"]:
            self._settle(self._keys_of(options["keys"]), "the file", options["dry_run"])
        else:
            found = provisioning.differences(provisioning.given_values())
            self._settle(found, "the environment", options["dry_run"])

    def _export(self, target: str) -> None:
        if target == "-":
            self.stdout.write(files.export(), ending="")
        else:
            Path(target).write_text(files.export(), encoding="utf-8")

    def _differences_of(self, path: Path) -> Sequence[Difference]:
        try:
            plan = files.read(path)
        except files.FileRefused as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None
        for note in plan.notes:
            self.stderr.write(note)
        for line in plan.lines:
            self.stderr.write(f"Belongs into .env: {line}")
        return files.differences(plan)

    def _keys_of(self, path: Path) -> Sequence[Difference]:
        try:
            return keyfiles.differences(path)
        except keyfiles.KeyFileRefused as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None

    def _settle(self, found: Sequence[Difference], source: str, is_dry_run: bool) -> None:
        for difference in found:
            self.stdout.write(difference.line)
        if not found:
            self.stdout.write(f"Nothing to do: the database agrees with {source}.")
        elif is_dry_run:
            sys.exit(DIFFERENCES_FOUND)
        else:
            _apply(found)
            self.stdout.write(f"Applied {len(found)}.")


def _apply(found: Sequence[Difference]) -> None:
    """All or nothing."""
    try:
        with transaction.atomic():
            for difference in found:
                difference.apply()
                audit.record(ACTOR, "config.sync", detail={"difference": difference.line})
    except ImproperlyConfigured as error:
        raise CommandError(str(error), returncode=REFUSED) from None
