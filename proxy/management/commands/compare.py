"""Asks recorded requests again in two ways, and shows what each comes to."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import actors, audit
from accounts.commandline import arguments, outputfile
from accounts.errors import Refused
from logs_app.finding import selection
from proxy.compare import checks, running, summary, table
from proxy.compare.running import MOST_AT_ONCE, MOST_RECORDS, Comparison, Variant
from proxy.compare.summary import Row
from proxy.replay import replaying
from proxy.replay.arguments import changes_in, member

NAME = "compare"
NAMES = ("a", "b")
RECORDED = "recorded"
REPORT_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Ask recorded requests again in two ways: cost, tokens, latency, and whether the answers pass checks."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in NAMES:
            parser.add_argument(
                f"--{name}", action="append", default=[], type=_member, metavar="NAME=VALUE",
                help="model, provider, system, drop or a member of the request; recorded: the answer of then",
            )  # fmt: skip
        parser.add_argument(
            "--limit", type=int, default=20, metavar="N", help="so many of the newest records (20)"
        )
        parser.add_argument(
            "--concurrency", type=int, default=4, metavar="N", help="calls at the same time (4)"
        )
        parser.add_argument("--with-key", metavar="KEY", help="call with this key, by name or id")
        parser.add_argument("--exact", action="append", default=[], metavar="TEXT", help="check: this answer")
        parser.add_argument("--same", action="store_true", help="check: the answer that was recorded")
        parser.add_argument("--regex", action="append", default=[], metavar="PATTERN", help="check: RE2")
        parser.add_argument(
            "--json-schema", type=arguments.json_file, metavar="FILE", help="check: JSON of this schema"
        )
        parser.add_argument(
            "--csv", type=Path, metavar="FILE", help="every call as a row of a new file of its owner's only"
        )
        selection.add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            comparison = _comparison(options)
        except Refused as refused:
            raise CommandError(refused.message) from None
        if not comparison.total:
            raise CommandError("No record fits these filters.")
        path = options["csv"]
        file = outputfile.create(path) if path else None  # before a call is paid for
        detail = {"filters": selection.filters(options), "calls": comparison.total}
        audit.record(actors.of_command(NAME), "record.compare", ("records", None, ""), detail=detail)
        rows = asyncio.run(self._run(comparison))
        if file:
            _write(file, rows, list(comparison.checks))
        self._show(summary.of(rows, NAMES, comparison.checks))
        for words in {row["error"] for row in rows if row["error"]}:
            self.stderr.write(words)

    async def _run(self, comparison: Comparison) -> list[Row]:
        rows: list[Row] = []
        report_at = time.monotonic() + REPORT_SECONDS
        async with replaying.own_lane():
            async for row in running.rows(comparison):
                rows.append(row)
                if time.monotonic() > report_at:
                    report_at = time.monotonic() + REPORT_SECONDS
                    self.stderr.write(f"{len(rows)} of {comparison.total} calls")
        return rows

    def _show(self, found: dict[str, Row]) -> None:
        names = [name for name in found["a"] if name != "passed"]
        shown = [["", *NAMES], *([name, *(found[each][name] for each in NAMES)] for name in names)]
        for check in found["a"]["passed"]:
            shown.append([f"passed: {check}", *(found[each]["passed"][check] for each in NAMES)])
        width = max(len(str(line[0])) for line in shown) + 2
        for first, *cells in shown:
            values = "".join(f"{'-' if cell is None else cell:>16}" for cell in cells)
            self.stdout.write(f"{first:<{width}}{values}")


def _member(text: str) -> tuple[str, Any]:
    return (RECORDED, True) if text == RECORDED else member(text)


def _comparison(options: dict[str, Any]) -> Comparison:
    for name, most in (("limit", MOST_RECORDS), ("concurrency", MOST_AT_ONCE)):
        if not 1 <= options[name] <= most:
            raise CommandError(f"--{name} is from 1 to {most}.")
    records = selection.select(NAME, selection.filters(options))
    return Comparison(
        running.newest(records, options["limit"]),
        [_variant(name, options[name]) for name in NAMES],
        checks.build(_checks(options)),
        options["with_key"],
        options["concurrency"],
    )


def _variant(name: str, members: list[tuple[str, Any]]) -> Variant:
    is_recorded = (RECORDED, True) in members
    return Variant(name, changes_in(each for each in members if each[0] != RECORDED), is_recorded)


def _checks(options: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = [{"kind": kind, "value": value} for kind in ("exact", "regex") for value in options[kind]]
    if options["same"]:
        wanted.append({"kind": "same"})
    if options["json_schema"] is not None:
        wanted.append({"kind": "json_schema", "value": options["json_schema"]})
    return wanted


def _write(file: BinaryIO, rows: list[Row], names: list[str]) -> None:
    with file:
        file.writelines(table.lines(rows, names))
