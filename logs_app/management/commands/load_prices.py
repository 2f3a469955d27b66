from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router

from logs_app.models import ModelPrice
from logs_app.pricing import seeding


class Command(BaseCommand):
    help = "Add the list prices that this version comes with, or those of a file; what is there stays."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--file", type=Path, default=seeding.FILE, metavar="FILE", help="JSON like prices.json"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many would be added")

    def handle(self, *args: Any, **options: Any) -> None:
        using, file = router.db_for_write(ModelPrice), options["file"]
        try:
            added = seeding.load(ModelPrice, using, file, dry_run=options["dry_run"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{file} cannot be read as prices: {error!r}") from None
        self.stdout.write(f"{added} prices {'would be added' if options['dry_run'] else 'added'}.")
