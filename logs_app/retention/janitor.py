"""Prunes on schedule, in the recorder's process and between its batches.

Failure policy: what cannot be removed now is removed the next time; nothing here stops the recording.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from django.db import Error, close_old_connections

from logs_app.retention.pruner import Pruner

FIRST_AFTER_SECONDS = 60.0
EVERY_SECONDS = 3600.0
# Of every round of the recorder, while there is something to prune.
BUDGET_SECONDS = 0.02

log = logging.getLogger(__name__)


class Janitor:
    def __init__(
        self, new_pruner: Callable[[], Pruner] = Pruner, first_after_seconds: float = FIRST_AFTER_SECONDS
    ) -> None:
        self._new_pruner = new_pruner
        self._pruner: Pruner | None = None
        self._steps: Iterator[None] = iter(())
        self._next_at = time.monotonic() + first_after_seconds

    def attend(self) -> None:
        """Between two batches of the recorder; never raises."""
        if self._pruner is None and time.monotonic() < self._next_at:
            return
        try:
            self._work()
        except Error as error:
            log.warning("Old records could not be removed and stay for now: %s", error)
            close_old_connections()
            self._end()

    def _work(self) -> None:
        if self._pruner is None:
            self._pruner = self._new_pruner()
            self._steps = self._pruner.steps()
        until = time.monotonic() + BUDGET_SECONDS
        for _ in self._steps:
            if time.monotonic() > until:
                return
        self._tell(self._pruner)
        self._end()

    def _tell(self, pruner: Pruner) -> None:
        pruned = pruner.pruned
        if pruned.payloads or pruned.records:
            log.info("Their time was over: %d payloads, %d records.", pruned.payloads, pruned.records)

    def _end(self) -> None:
        self._pruner, self._steps = None, iter(())
        self._next_at = time.monotonic() + EVERY_SECONDS
