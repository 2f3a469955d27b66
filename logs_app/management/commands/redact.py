from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router
from django.db.models import QuerySet

from accounts.audit import audit
from accounts.audit.audit import Actor
from logs_app.finding import selection
from logs_app.models import LogRecord, RedactionRule
from logs_app.redaction import policy, stored, trial
from logs_app.redaction.stored import Progress, RedactorFor

REPORT_SECONDS = 2.0
SHOWN_MATCHES = 50
NAME = "redact"


class Command(BaseCommand):
    help = (
        "Redact records that are stored already, by the settings and rules of now. Only records of projects "
        "that are redacted, unless --all-projects. What is replaced cannot be got back: try --dry-run first."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would be found, masked, and change nothing."
        )
        parser.add_argument(
            "--rule", metavar="NAME", help="Only by this rule, enabled or not, and by nothing else."
        )
        parser.add_argument(
            "--all-projects", action="store_true", help="Also records of projects that are not redacted."
        )
        selection.add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        using = router.db_for_write(LogRecord)
        selected = selection.select(NAME, selection.filters(options))
        redactor_for = _redactor_for(options["rule"], options["all_projects"])
        if options["dry_run"]:
            self._try(selected, redactor_for, using)
        else:
            self._redact(selected, redactor_for, using)

    def _redact(self, selected: QuerySet[LogRecord], redactor_for: RedactorFor, using: str) -> None:
        progress, report_at = Progress(), time.monotonic() + REPORT_SECONDS
        for progress in stored.redact(selected, redactor_for, using):
            if time.monotonic() >= report_at:
                report_at = time.monotonic() + REPORT_SECONDS
                self.stderr.write(f"{progress.seen:,} records, up to {progress.until:%Y-%m-%d %H:%M}")
        detail = {"records": progress.seen, "changed": progress.changed}
        audit.record(Actor("command", NAME), "records.redact", detail=detail)
        self.stdout.write(f"{progress.changed:,} of {progress.seen:,} records changed.")
        self._tell_of(progress.exempt)

    def _try(self, selected: QuerySet[LogRecord], redactor_for: RedactorFor, using: str) -> None:
        found: Counter[str] = Counter()
        seen = hit = shown = exempt = 0
        for tried in trial.records(selected, redactor_for, using):
            seen += 1
            exempt += tried.is_exempt
            hit += bool(tried.matches or tried.withheld)
            found += tried.counts
            for match in tried.matches[: max(0, SHOWN_MATCHES - shown)]:
                shown += 1
                self.stdout.write(f"{tried.record.pk}  {match.label:<12} {match.masked:<20} {match.context}")
        kinds = ", ".join(f"{count:,} {label}" for label, count in sorted(found.items())) or "nothing"
        self.stdout.write(f"{hit:,} of {seen:,} records would change: {kinds}.")
        self._tell_of(exempt)

    def _tell_of(self, exempt: int) -> None:
        if exempt:
            self.stdout.write(
                f"{exempt:,} of them were not looked at: their projects are not redacted. "
                "--all-projects looks at all."
            )


def _redactor_for(name: str | None, is_for_all: bool) -> RedactorFor:
    if name is None:
        return policy.everywhere() if is_for_all else policy.redactor_for
    rule = RedactionRule.objects.filter(name=name).first()
    if rule is None:
        raise CommandError(f"There is no rule named {name}.")
    return policy.only(rule)
