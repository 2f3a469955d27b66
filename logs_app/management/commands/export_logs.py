"""Writes records out."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import actors
from accounts.commandline import outputfile
from logs_app import exporting, reveals
from logs_app.exporting import FORMATS, Count, Format
from logs_app.finding import selection

REPORT_SECONDS = 2.0
NAME = "export_logs"


class Command(BaseCommand):
    help = "Write records to standard output or a file, oldest first, in the form of your choice."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        said = "; ".join(f"{form.name}: {form.help}" for form in FORMATS.values())
        parser.add_argument("--format", choices=list(FORMATS), default="jsonl", help=said)
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="A new file that only its owner may read."
        )
        selection.add_filters(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        form, given, path = FORMATS[options["format"]], selection.filters(options), options["output"]
        records = selection.select(NAME, given)
        with outputfile.create(path) if path else nullcontext(sys.stdout.buffer) as file:
            reveals.note_export(actors.of_command(NAME), form.name, given)
            count = self._write(exporting.stream(records, form, counted := Count()), counted, form, file)
        self.stderr.write(_words(count, form))

    def _write(self, parts: Iterator[bytes], count: Count, form: Format, file: BinaryIO) -> Count:
        report_at = time.monotonic() + REPORT_SECONDS
        try:
            for part in parts:
                file.write(part)
                if time.monotonic() > report_at:
                    report_at = time.monotonic() + REPORT_SECONDS
                    self.stderr.write(f"{count.written:,} records so far")
            file.flush()
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise CommandError(f"The export cannot be written: {error.strerror}.") from None
        return count


def _words(count: Count, form: Format) -> str:
    skipped = count.read - count.written
    rest = f", {skipped:,} cannot be said as {form.name}" if skipped else ""
    return f"{count.written:,} records exported{rest}."
