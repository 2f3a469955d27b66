"""Fills a database with made-up records."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from logs_app.assembly import Rows
from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.search.indexer import Indexer
from logs_app.seeding import NODE, Seeder

BATCH = 500
REPORT_SECONDS = 2.0


class Command(BaseCommand):
    help = "Fill the database with made-up records of realistic sizes, to try searches and pages on many."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=10_000, help="How many (10000).")
        parser.add_argument("--days", type=float, default=30.0, help="From so many days ago to now (30).")
        parser.add_argument("--seed", type=int, default=1, help="The same seed makes the same records (1).")
        parser.add_argument("--force", action="store_true", help="Also where there are real records.")
        parser.add_argument(
            "--no-index", action="store_false", dest="index", help="Their words are not to be found."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1 or options["days"] <= 0:
            raise CommandError("--count and --days must be more than nothing.")
        if not options["force"] and LogRecord.objects.exclude(node=NODE).exists():
            raise CommandError("There are real records here; --force puts made-up ones beside them.")
        records = Seeder(options["seed"]).records(options["count"], options["days"])
        self._write(records, options["count"])
        if options["index"]:  # which no recorder does: none has a journal of theirs
            Indexer([NODE]).finish()

    def _write(self, records: Iterator[Rows], count: int) -> None:
        store = Store()
        store.register(NODE)
        began = reported = time.monotonic()
        written = 0
        while batch := list(islice(records, BATCH)):
            store.write(batch, [], [], lambda rows, error: iter(()))
            written += len(batch)
            if time.monotonic() - reported > REPORT_SECONDS or written == count:
                reported = time.monotonic()
                rate = written / (reported - began)
                self.stderr.write(f"{written} of {count} records, {rate:.0f}/s")
