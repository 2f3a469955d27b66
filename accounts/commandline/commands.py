"""What `project`, `token` and `credential` have in common: where they act, and how they print."""

from __future__ import annotations

import json
import logging
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from . import calling, naming, secretoutput
from .calling import Gateway

Row = dict[str, Any]
Action = Callable[[Gateway, Row], None]

FIELDS = (
    "name", "is_active", "is_enabled", "api_key", "key", "project_id", "provider_key",
    "allow_shared_providers", "allowed_models", "policy", "cache_policy", "log_policy", "redact_logs",
    "payload_days", "metadata_days", "rate_limit",
    "rate_limit_per_minute", "tokens_per_minute", "max_concurrent_streams", "max_requests",
    "duration_hours", "duration_minutes", "expires_at", "grace", "run",
)  # fmt: skip
ROTATE_HELP = "give it a new secret, shown once; the rest of it stays"


class ApiCommand(BaseCommand):
    """A subclass adds its actions, each with a method that is given gateway and options.

    Exit codes: 0 done, 1 refused or out of reach, 2 a command line that makes no sense.
    """

    noun: str
    columns: Sequence[str]
    identified = "the id; the name, if no other has it; or the secret itself, - for standard input"
    # It says itself, in one line, what is wrong with the database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        self._actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        self.add_actions()

    def add_actions(self) -> None:
        raise NotImplementedError

    def add_action(self, name: str, run: Action, help: str) -> ArgumentParser:
        """Options that are not named on the command line are not among the options at all."""
        action: ArgumentParser = self._actions.add_parser(
            name, help=help, description=help, argument_default=SUPPRESS
        )
        action.set_defaults(act=run)
        action.add_argument("--json", action="store_true", default=False, help="print JSON instead of text")
        action.add_argument(
            "--manage-api-base-url",
            "--api-base-url",
            default=settings.MANAGE_API_BASE_URL,
            metavar="URL",
            help="act on this relay instead of the local database",
        )
        action.add_argument(
            "--management-token",
            default="",
            metavar="TOKEN",
            help="of that relay; better in MANAGEMENT_TOKEN, for others here see command lines",
        )
        return action

    def add_action_on_one(self, name: str, run: Action, help: str) -> ArgumentParser:
        action = self.add_action(name, run, help)
        action.add_argument("id", metavar="ID", help=self.identified)
        return action

    def add_rotation(self) -> None:
        action = self.add_action_on_one("rotate", self.rotate, ROTATE_HELP)
        action.add_argument("--grace", help="how long the old secret works on: 30m, 24h, 7d")
        action.add_argument("--run", metavar="NAME", help="a repeat under this name changes nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        _log_to_stderr()
        gateway = self._gateway(options)
        for option, noun in (("id", self.noun), ("project_id", "project")):
            if options.get(option):
                options[option] = naming.id_of(gateway, noun, options[option])
        options["act"](gateway, options)

    def _gateway(self, options: Row) -> Gateway:
        if url := options["manage_api_base_url"]:
            return calling.remote(url, options["management_token"])
        return calling.local(self.noun)

    # What the actions print

    def show(self, row: Row, options: Row) -> None:
        if options["json"]:
            self.print_json(row)
            return
        width = max(map(len, row))
        for name, value in row.items():
            self.stdout.write(f"{name:<{width}}  {_text(value)}")

    def show_all(self, rows: Iterable[Row], options: Row) -> None:
        rows = list(rows)
        if options["json"]:
            self.print_json(rows)
            return
        if not rows:
            self.stdout.write(f"There is no {self.noun}.")
            return
        table = [self.columns, *([_text(row.get(name)) for name in self.columns] for row in rows)]
        widths = [max(len(line[place]) for line in table) for place in range(len(self.columns))]
        for line in table:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def say(self, text: str, options: Row) -> None:
        if options["json"]:
            self.print_json({"message": text})
        else:
            self.stdout.write(text)

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))

    # Actions that several of them have

    def find(self, gateway: Gateway, options: Row) -> None:
        filters: Row = {name: options[name] for name in ("search", "project_id") if name in options}
        self.show_all(gateway.every(self.path(), filters), options)

    def get(self, gateway: Gateway, options: Row) -> None:
        self.show(gateway.call("GET", self.path(options)), options)

    def create(self, gateway: Gateway, options: Row) -> None:
        self.show(gateway.call("POST", self.path(), json=fields(options)), options)

    def update(self, gateway: Gateway, options: Row) -> None:
        self.show(gateway.call("PATCH", self.path(options), json=fields(options)), options)

    def rotate(self, gateway: Gateway, options: Row) -> None:
        path = f"{self.path(options)}/rotate"
        self.show(gateway.call("POST", path, json=fields(options)), options)

    def delete(self, gateway: Gateway, options: Row) -> None:
        gateway.call("DELETE", self.path(options))
        self.say(f"The {self.noun} {options['id']} is deleted.", options)

    def path(self, options: Row | None = None) -> str:
        return f"/manage/{self.noun}s" + (f"/{options['id']}" if options else "")


def add_secret(parser: ArgumentParser, *flags: str, name: str, what: str) -> None:
    """The option and its twin `…-file`, which keeps the secret out of the list of processes."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        *flags, dest=name, metavar="KEY", help=f"{what}. Others on this machine can read command lines: safer"
    )
    files = [f"{flag}-file" for flag in flags]
    either.add_argument(
        *files, dest=f"{name}_file", metavar="FILE", help="is a file that holds it; - is standard input"
    )


def fields(options: Row) -> Row:
    """The fields of the API among the options that were named on the command line."""
    named = {name: options[name] for name in FIELDS if name in options}
    files = {name: options[f"{name}_file"] for name in FIELDS if f"{name}_file" in options}
    return named | {name: secretoutput.read(file) for name, file in files.items()}


def _log_to_stderr() -> None:
    """Standard output is for what was asked for."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
            handler.setStream(sys.stderr)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)
