"""Asks providers whether they can be used, all at once, and says in words what is wrong."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from proxy.configuration import rows
from proxy.configuration.configuration import Provider
from proxy.health import check
from proxy.health.check import Report
from proxy.models import Provider as ProviderRow

COLUMNS = ("provider", "result", "time", "models", "message")
LONGEST_SECONDS = 600.0


class Command(BaseCommand):
    """Exit codes: 0 all can be used, 1 one cannot, or none is there to ask."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these; also disabled ones")
        parser.add_argument(
            "--model", help="ask for one token of this model, instead of the list; it may cost"
        )
        parser.add_argument(
            "--timeout", type=_seconds, default=check.TIMEOUT_SECONDS, metavar="SECONDS", help="for each (10)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        providers = _chosen(options["names"])
        self._left = len(providers)
        reports = check.run(
            [(provider, options["model"]) for provider in providers],
            timeout_seconds=options["timeout"],
            on_report=self._progress,
        )
        if options["json"]:
            self.stdout.write(
                json.dumps([_shown(report) for report in reports], indent=2, ensure_ascii=False)
            )
        else:
            self._table(reports)
        if not all(report.is_ok for report in reports):
            raise SystemExit(1)

    def _progress(self, report: Report) -> None:
        """To standard error, and only for somebody who looks at it."""
        self._left -= 1
        if self.stderr.isatty():
            self.stderr.write(f"{report.provider.provider_key}: {_result(report)} ({self._left} left)")

    def _table(self, reports: list[Report]) -> None:
        lines = [COLUMNS, *map(_cells, reports)]
        widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
        for number, line in enumerate(lines):
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            if number:
                paint = self.style.SUCCESS if reports[number - 1].is_ok else self.style.ERROR
                cells[1] = paint(cells[1])
            self.stdout.write("  ".join(cells).rstrip())


def _chosen(names: list[str]) -> list[Provider]:
    try:
        found = list(ProviderRow.objects.order_by("provider_key"))
    except DatabaseError as error:
        raise CommandError(f"The database cannot be used: {str(error).strip()}.") from None
    if unknown := set(names) - {row.provider_key for row in found}:
        raise CommandError(f"There is no provider '{min(unknown)}'.")
    chosen = [row for row in found if (row.provider_key in names if names else row.is_enabled)]
    if not chosen:
        raise CommandError("There is no enabled provider.")
    return [rows.provider_of(row) for row in chosen]


def _cells(report: Report) -> tuple[str, ...]:
    time = f"{report.latency_ms} ms" if report.latency_ms else "-"
    models = str(len(report.models)) if report.models else "-"
    return report.provider.provider_key, _result(report), time, models, report.words


def _result(report: Report) -> str:
    return "ok" if report.is_ok else report.fault


def _shown(report: Report) -> dict[str, Any]:
    return {
        "provider": report.provider.provider_key,
        "ok": report.is_ok,
        "fault": report.fault,
        "message": report.words,
        "status": report.status,
        "latency_ms": report.latency_ms,
        "models": report.models,
    }


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ArgumentTypeError(f"a number of seconds up to {LONGEST_SECONDS:g}")
    return seconds
