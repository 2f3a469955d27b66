"""Removes records, and what they say, when their time is over."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import actors, audit
from logs_app.retention import terms
from logs_app.retention.pruner import Pruned, Pruner
from logs_app.retention.terms import Term

NAME = "prune_logs"
REPORT_SECONDS = 2.0


class Command(BaseCommand):
    help = "Remove what was said, and records, when their time is over. The recorder does it every hour."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count only, remove nothing.")
        for name in ("--payload-days", "--metadata-days"):
            parser.add_argument(
                name, type=_days, metavar="N", help="With --dry-run: as if the settings said so many."
            )

    def handle(self, *args: Any, **options: Any) -> None:
        payload_days, metadata_days = options["payload_days"], options["metadata_days"]
        if not options["dry_run"] and (payload_days, metadata_days) != (None, None):
            raise CommandError("Other days than those of the settings are for a --dry-run only.")
        found = terms.read().if_set_to(payload_days, metadata_days)
        self.stderr.write(f"What was said is kept {_kept(found.payload)}, records {_kept(found.metadata)}.")
        pruner = Pruner(is_dry_run=options["dry_run"], given=found)
        self._run(pruner)
        if not options["dry_run"] and (pruner.pruned.payloads or pruner.pruned.records):
            counts = {"payloads": pruner.pruned.payloads, "records": pruner.pruned.records}
            audit.record(actors.of_command(NAME), "record.prune", ("records", None, ""), detail=counts)
        self.stdout.write(_words(pruner.pruned, "would be removed" if options["dry_run"] else "removed"))

    def _run(self, pruner: Pruner) -> None:
        report_at = time.monotonic() + REPORT_SECONDS
        for _ in pruner.steps():
            if time.monotonic() > report_at:
                report_at = time.monotonic() + REPORT_SECONDS
                self.stderr.write(_words(pruner.pruned, "so far"))


def _days(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ArgumentTypeError("must be a number of days")
    return int(text)


def _words(pruned: Pruned, verb: str) -> str:
    freed = f", {pruned.freed_bytes >> 20:,} MB given back" if pruned.freed_bytes else ""
    return f"{pruned.payloads:,} payloads and {pruned.records:,} records {verb}{freed}."


def _kept(term: Term) -> str:
    days = "for ever" if term.days is None else f"{term.days} days"
    return f"{days} (projects with terms of their own: {len(term.own)})" if term.own else days
