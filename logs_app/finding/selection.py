"""Which records a command works on: the filters of the management API as options of a command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rest_framework.exceptions import ValidationError

from accounts.signin.authentication import CommandActor
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord, LogRecordQuerySet


def add_filters(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("filters", "Which records; all of those named must fit.")
    for name, field in RecordFilters().fields.items():
        flag = f"--{name.replace('_', '-')}"
        group.add_argument(flag, metavar="VALUE", help=str(field.help_text or "").replace("%", "%%"))


def filters(options: dict[str, Any]) -> dict[str, str]:
    return {name: options[name] for name in _names() if options.get(name) is not None}


def select(command: str, given: dict[str, str]) -> LogRecordQuerySet:
    try:
        return RecordFilters.given(given).narrow(LogRecord.objects.visible_to(CommandActor(command)))
    except ValidationError as error:
        detail = error.detail if isinstance(error.detail, dict) else {}
        raise CommandError(" ".join(map(_words, detail, detail.values())) or str(error)) from None


def _names() -> list[str]:
    return [str(name) for name in RecordFilters().fields]


def _words(name: str, texts: Any) -> str:
    return f"--{name.replace('_', '-')}: {' '.join(map(str, texts))}"
