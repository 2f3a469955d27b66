"""Asks a recorded request again, as it was or changed, and shows both answers."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.audit import actors
from accounts.errors import Refused
from accounts.signin.authentication import CommandActor
from logs_app.models import LogRecord
from logs_app.presentation import sidebyside
from proxy.cache import forgetting
from proxy.replay import replaying
from proxy.replay.arguments import add_changes, changes_of
from proxy.replay.replaying import Plan

NAME = "replay"


class Command(BaseCommand):
    help = "Ask a recorded request again through this relay, as it was or changed, and show the difference."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", metavar="ID", help="the id of the record")
        add_changes(parser)
        parser.add_argument("--key", metavar="NAME", help="call with this key, by name or id")
        parser.add_argument(
            "--cache",
            action="store_true",
            help="let the response cache answer, as it would a client. Of what the workers keep, this "
            "command sees only what is in Redis (HTTP_CACHE_BACKEND=redis), not what is in their memory",
        )
        parser.add_argument("--json", action="store_true", help="print what the API answers")

    def handle(self, *args: Any, **options: Any) -> None:
        record = _found(options["id"])
        try:
            plan = Plan.of(record, changes_of(options), options["key"], wants_cache=options["cache"])
            if options["cache"] and not forgetting.is_shared():
                self.stderr.write(
                    "No cache is in Redis, and that of the workers is not seen: the provider is asked."
                )
            replaying.note(plan, actors.of_command(NAME))
            again = asyncio.run(_run(plan))
        except Refused as refused:
            raise CommandError(refused.message) from None
        shown = {"id": str(again.pk), **sidebyside.compare(record, again)}
        if options["json"]:
            self.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False))
        else:
            self._show(shown)

    def _show(self, shown: dict[str, Any]) -> None:
        before, after = shown["before"], shown["after"]
        rows = [("", "before", "after", "")]
        rows += [(name, before[name], after[name], "") for name in before if before[name] or after[name]]
        for name, found in shown["numbers"].items():
            if found["before"] is not None or found["after"] is not None:
                rows.append((name, found["before"], found["after"], _signed(found["change"])))
        for name, one, other, change in rows:
            cells = (f"{name:<18}", f"{_text(one):<38}", f"{_text(other):<38}", change)
            self.stdout.write("".join(cells).rstrip())
        self.stdout.write("\nThe texts are the same." if shown["is_same_text"] else "")
        if not shown["is_same_text"]:
            for block in shown["text"]:
                self._show_block(block)

    def _show_block(self, block: dict[str, str]) -> None:
        if block["kind"] == "equal":
            self._show_lines(" ", block["before"])
            return
        self._show_lines("-", block["before"])
        self._show_lines("+", block["after"])

    def _show_lines(self, mark: str, text: str) -> None:
        for line in text.splitlines():
            self.stdout.write(f"{mark} {line}")


def _found(text: str) -> LogRecord:
    try:
        record = LogRecord.objects.visible_to(CommandActor(NAME)).filter(pk=text).first()
    except ValidationError:
        record = None
    if record is None:
        raise CommandError(f"There is no record {text}.")
    return record


async def _run(plan: Plan) -> LogRecord:
    async with replaying.own_lane():
        return await replaying.run(plan)


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _signed(change: Any) -> str:
    if change in (None, 0):
        return ""
    text = str(change)
    return text if text.startswith("-") else f"+{text}"
