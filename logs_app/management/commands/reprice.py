from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import router

from accounts import money
from logs_app.finding import selection
from logs_app.models import LogRecord
from logs_app.pricing import reading
from logs_app.pricing.repricing import Progress, reprice

REPORT_SECONDS = 2.0
NAME = "reprice"


class Command(BaseCommand):
    help = "Compute the cost of past records again, by the prices of now that held at the time of each call."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would change, and change nothing."
        )
        selection.add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        using = router.db_for_write(LogRecord)
        records, progress = selection.select(NAME, selection.filters(options)), Progress()
        report_at = time.monotonic() + REPORT_SECONDS
        for progress in reprice(records, reading.read(using), using, dry_run=options["dry_run"]):
            if time.monotonic() >= report_at:
                report_at = time.monotonic() + REPORT_SECONDS
                self.stderr.write(f"{progress.seen:,} records, up to {progress.until:%Y-%m-%d %H:%M}")
        would = "would change" if options["dry_run"] else "changed"
        self.stdout.write(
            f"{progress.changed:,} of {progress.seen:,} records {would}: "
            f"{money.dollars(progress.before)} USD before, {money.dollars(progress.after)} USD after."
        )
