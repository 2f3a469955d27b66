"""Delivers events."""

from __future__ import annotations

import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from logs_app.alerts.evaluator import Evaluator
from logs_app.dispatching import deadletters, detaching, filtering, preview, state
from logs_app.dispatching.detaching import NotStarted
from logs_app.dispatching.fleet import Fleet
from logs_app.dispatching.plan import BadPlan, Plan, default_name
from logs_app.dispatching.progress import Progress
from logs_app.dispatching.pulse import Pulse
from logs_app.dispatching.work import at_work
from logs_app.events import subscriptions
from logs_app.finding.filters import RecordFilters
from logs_app.finding.moments import moment
from logs_app.jsontext import loads
from logs_app.models import DeadLetter
from logs_app.models.dispatchers import BATCH_SIZE, LARGEST_BATCH
from logs_app.sinks import KINDS, Target

# Of --once: how often in a row a far side may be away.
MOST_FAILURES = 5
INCOMPLETE = 3
# `--endpoint` is where they go to.
FLAGS_OF_FILTERS = {"endpoint": "endpoint_is"}
FLAGS = {"endpoint": "--endpoint: ", "api_key": "--api-key: ", "options": "--option: ", "filter": ""}


class Command(BaseCommand):
    help = (
        "Deliver events to a service, from where it stopped, until SIGTERM. "
        "Without --service: all dispatchers of the admin, and the alerts, as `serve` runs them."
    )

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--service", choices=list(KINDS), help="what kind of place they go to")
        add("--endpoint", default="", help="of file a path, of python a class, of the others a base URL")
        add("--api-key", default="", metavar="KEY", help="better LLM_PROXY_API_KEY: arguments can be read")
        add("--option", action="append", default=[], metavar="NAME=VALUE", help="of the service")
        add("--name", help="goes on where this name stopped; by default service and endpoint")
        add(
            "--since", metavar="WHEN", help="where a new name begins: 24h, 2026-01-31; else the oldest record"
        )
        add("--batch-size", type=int, default=BATCH_SIZE, help=f"events at once ({BATCH_SIZE})")
        add("--buffer", type=int, help="events it takes from others (OBSERVABILITY_BUFFER_SIZE)")
        add("--once", action="store_true", help="deliver what is there, and end")
        add("--dry-run", action="store_true", help="show what would be delivered, as JSON lines")
        add("--detach", action="store_true", help="go on without the terminal")
        add("--stop", action="store_true", help="end the one that was detached")
        add("--dead", choices=("list", "resend", "drop"), help="the events that it gave up on")
        add("--id", action="append", default=[], type=UUID, help="with --dead: only this event")
        add("--forget", action="store_true", help="where the name stopped, and what it gave up on")
        group = parser.add_argument_group("filters", "Which events; all of those named must fit.")
        for name in filtering.NAMES:
            text = str(RecordFilters().fields[name].help_text or "").replace("%", "%%")
            flag, destination = FLAGS_OF_FILTERS.get(name, name).replace("_", "-"), f"filter_{name}"
            group.add_argument(f"--{flag}", dest=destination, metavar="VALUE", help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"] or default_name(options["service"] or "", options["endpoint"])
        try:
            if options["stop"]:
                self._end(_named(name))
            elif options["dead"]:
                self._dead(_named(name), options["dead"], options["id"])
            elif options["forget"]:
                self._forget(_named(name))
            elif options["service"] is None:
                self._run_all(name, options)
            else:
                self._run_one(_plan(name, options), options)
        except NotStarted as error:
            raise CommandError(str(error)) from None
        except BadPlan as error:
            raise CommandError(f"{FLAGS[error.field]}{error}") from None

    def _run_one(self, plan: Plan, options: dict[str, Any]) -> None:
        plan.check()
        if options["dry_run"]:
            self._say(f"{preview.write(plan, sys.stdout.buffer):,} events would be delivered.")
        elif options["detach"]:
            pid = detaching.start(plan.name, _arguments(plan, options), plan.target.api_key)
            self._say(f"{plan.name} is at work (pid {pid}); its log is {detaching.log_file(plan.name)}.")
        else:
            self._work(plan, options)

    def _work(self, plan: Plan, options: dict[str, Any]) -> None:
        detaching.hold(plan.name)
        stop, progress = _stopped_by_signals(), Progress(plan.name, self._say)
        most_failures = MOST_FAILURES if options["once"] else None
        with (
            closing(Pulse()) as pulse,
            at_work(
                plan, pulse, stop, buffer=options["buffer"], most_failures=most_failures, tell=progress.tell
            ) as dispatcher,
        ):
            lag = subscriptions.lag(plan.name)
            self._say(f"{plan.name}: {lag:,} events to go." if lag else f"{plan.name}: nothing to do yet.")
            detaching.say_ready()
            if options["once"]:
                is_complete = dispatcher.drain()
            else:
                dispatcher.run()
        self._say(f"{plan.name}: {progress.words()}.")
        if options["once"] and (progress.dead or not is_complete):
            raise CommandError("Not all events could be delivered.", returncode=INCOMPLETE)

    def _run_all(self, name: str, options: dict[str, Any]) -> None:
        if name or options["once"] or options["dry_run"] or options["detach"]:
            raise CommandError(f"Say where to: --service {'|'.join(KINDS)}.", returncode=2)
        stop = _stopped_by_signals()
        threading.Thread(target=Evaluator().run, args=(stop,), name="alerts", daemon=True).start()
        Fleet().run(stop)

    def _end(self, name: str) -> None:
        pid = detaching.stop(name)
        if pid is None:
            raise CommandError(f"{name} is not at work here, or was not detached.")
        self._say(f"{name} (pid {pid}) has ended.")

    def _dead(self, name: str, what: str, ids: Sequence[UUID]) -> None:
        letters = deadletters.of(name)
        if ids:
            letters = letters.filter(record_id__in=ids)
        if what == "resend":
            self._say(f"{deadletters.resend(letters):,} events go out when {name} is at work.")
        elif what == "drop":
            self._say(f"{deadletters.drop(letters):,} events dropped.")
        else:
            for letter in letters.order_by("pk").iterator():
                self.stdout.write(_line(letter))

    def _forget(self, name: str) -> None:
        found = state.states().get(name)
        if found is None:
            raise CommandError(f"There is no {name}.")
        if found.is_running:
            raise CommandError(f"{name} is at work, or was half a minute ago. End it first.")
        subscriptions.end(name)
        self._say(f"{name} is forgotten.")

    def _say(self, text: str) -> None:
        self.stderr.write(text)


def _named(name: str) -> str:
    if not name:
        raise CommandError("Say which: --name, or --service and --endpoint.", returncode=2)
    return name


def _plan(name: str, options: dict[str, Any]) -> Plan:
    if not 1 <= options["batch_size"] <= LARGEST_BATCH:
        raise CommandError(f"--batch-size is a number from 1 to {LARGEST_BATCH}.", returncode=2)
    key = options["api_key"] or settings.LLM_PROXY_API_KEY
    target = Target(_endpoint(options), key, dict(map(_option, options["option"])))
    filter = {
        each: options[f"filter_{each}"] for each in filtering.NAMES if options[f"filter_{each}"] is not None
    }
    return Plan(name, options["service"], target, _beginning(options["since"]), filter, options["batch_size"])


def _endpoint(options: dict[str, Any]) -> str:
    endpoint: str = options["endpoint"]
    return os.path.abspath(endpoint) if options["service"] == "file" and endpoint else endpoint


def _beginning(text: str | None) -> Any:
    try:
        return moment(text) if text else "oldest"
    except (ValueError, OverflowError):
        raise CommandError("--since: write 24h, 7d, or 2026-01-31T12:00:00Z.", returncode=2) from None


def _option(text: str) -> tuple[str, Any]:
    """A number is a number, true is true, and everything else a text."""
    name, separator, value = text.partition("=")
    if not separator:
        raise CommandError(f"--option: write NAME=VALUE, not {text}.", returncode=2)
    try:
        return name, loads(value.encode())
    except ValueError:
        return name, value


def _arguments(plan: Plan, options: dict[str, Any]) -> list[str]:
    """The same once more, without the key."""
    given = {
        "service": plan.service,
        "endpoint": plan.target.endpoint,
        "name": plan.name,
        "since": options["since"],
        "batch-size": plan.batch_size,
        "buffer": options["buffer"],
        **{FLAGS_OF_FILTERS.get(name, name).replace("_", "-"): value for name, value in plan.filter.items()},
    }
    flags = [f"--{name}={value}" for name, value in given.items() if value not in (None, "")]
    return flags + [f"--option={each}" for each in options["option"]] + ["--once"] * options["once"]


def _line(letter: DeadLetter) -> str:
    due = ", to be sent again" if letter.is_due else ""
    return f"{letter.record_id}  {letter.died_at:%Y-%m-%d %H:%M:%S}  {letter.reason}{due}"


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
