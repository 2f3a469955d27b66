"""Makes records of what the workers wrote into the journal."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import filelock
from accounts.budgets.ledger import Ledger
from logs_app.assembly import Rows
from logs_app.journal.segments import MasterKeys
from logs_app.live.window import Window
from logs_app.metrics.recording import Meter
from logs_app.pricing.reading import Prices
from logs_app.recorder.lives import Life
from logs_app.recorder.recorder import Recorder
from logs_app.recorder.refusals import Refusals
from logs_app.recorder.settling import Settler
from logs_app.redaction import policy
from logs_app.retention.janitor import Janitor
from logs_app.search.indexer import Indexer

LOCK_NAME = "recorder.lock"
NICENESS = 10
# A health check looks at the lock, and holds it for a moment.
HEALTH_CHECK_SECONDS = 0.5


class Command(BaseCommand):
    help = "Turn the journal into records: continuously, until SIGTERM, which first records what is there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--journal",
            type=Path,
            metavar="DIR",
            help="Adopt this journal (another DATA_DIR's, or journal/unreadable) and end.",
        )
        parser.add_argument("--once", action="store_true", help="Record what is there, and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        directory = options["journal"] or settings.JOURNAL_DIR
        if options["journal"] and not directory.is_dir():
            raise CommandError(f"{directory} is no directory.")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        os.nice(NICENESS)
        lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if options["once"] or options["journal"]:
                self._record_once(directory, lock, stop)
            else:
                self._record_on(directory, lock, stop)
        finally:
            os.close(lock)

    def _record_once(self, directory: Path, lock: int, stop: threading.Event) -> None:
        if not _wait_for(lock, stop, HEALTH_CHECK_SECONDS):
            raise CommandError(f"Another recorder is at work on {directory}.")
        stop.set()
        count = self._record(directory, stop)
        self._say(f"{count} exchanges recorded from {directory}.")

    def _record_on(self, directory: Path, lock: int, stop: threading.Event) -> None:
        """Two recorders at once would do no harm, only the work twice: the cursors guard the records."""
        if not _wait_for(lock, stop, HEALTH_CHECK_SECONDS):
            self._say(f"Another recorder is at work on {directory}; waiting for its end.")
            _wait_for(lock, stop, math.inf)
        if not stop.is_set():
            with closing(Window(settings.LIVE_SOCKET, policy.redactor_for)) as window:
                window.open()
                self._record(directory, stop, window.show)

    def _record(
        self, directory: Path, stop: threading.Event, show: Callable[[Iterable[Life]], object] = id
    ) -> int:
        settler, refusals = Settler(Ledger(settings.DATA_DIR, settings.REDIS_URL)), Refusals()
        indexer = Indexer([settings.NODE_ID] if directory == settings.JOURNAL_DIR else [])
        janitor, meter = Janitor(), Meter(settings.METRICS_DIR)

        def settle(batch: list[Rows]) -> None:
            settler.settle(batch)
            refusals.note(rows.record for rows in batch)
            meter.attend(rows.record for rows in batch)
            indexer.attend((rows.node for rows in batch), is_idle=not batch)
            if not batch:
                janitor.attend()

        with (
            closing(meter),
            closing(settler),
            closing(self._recorder(directory, settle, show)) as recorder,
        ):
            recorder.run(stop)
        refusals.flush(all_of_them=True)
        if directory != settings.JOURNAL_DIR:
            indexer.finish()
        return recorder.recorded

    def _recorder(
        self,
        directory: Path,
        settle: Callable[[list[Rows]], None],
        show: Callable[[Iterable[Life]], object],
    ) -> Recorder:
        return Recorder(
            directory,
            MasterKeys(settings.FIELD_ENCRYPTION_KEYS),
            max_body_bytes=settings.LOG_MAX_BODY_BYTES,
            node=settings.NODE_ID if directory == settings.JOURNAL_DIR else None,
            report=self._say,
            settle=settle,
            show=show,
            prices=Prices(),
            redactor_for=policy.redactor_for,
        )

    def _say(self, message: str) -> None:
        self.stderr.write(message)


def _wait_for(lock: int, stop: threading.Event, seconds: float) -> bool:
    give_up_at = time.monotonic() + seconds
    while not filelock.lock(lock):
        if stop.wait(0.05) or time.monotonic() > give_up_at:
            return False
    return True
