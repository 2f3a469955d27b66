"""Brings events to a sink, and does not give up early.

Failure policy: while nothing arrives the events wait, for as long as it takes. An event that alone fails is
tried a few times, and one that is refused is given up: it becomes a dead letter, and the others go on.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from threading import Event as Flag

from logs_app.events import Event
from logs_app.events.subscriptions import Tally
from logs_app.sinks import Delivery, Refused, Sink, Unreachable

MOST_TRIES = 6
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
# A far side that asks for more is asked again anyway.
LONGEST_WISH_SECONDS = 3600.0

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Before all was delivered. `done` are the ids of what was."""


class Courier:
    def __init__(
        self,
        sink: Sink,
        stop: Flag,
        on_failure: Callable[[str], None],
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        """`on_failure` hears why nothing arrives, each time."""
        self._sink, self._stop, self._on_failure = sink, stop, on_failure
        self._first_pause = first_pause

    def deliver(self, events: Sequence[Event], tally: Tally, tries: int = 0) -> None:
        """Returns when each is delivered or given up, both noted in `tally`. Raises Stopped."""
        left = list(events)
        while left:
            try:
                deliveries = self._ask(left)
            except Unreachable as error:
                tally.retried += len(left)
                self._on_failure(str(error))
                self._pause(tries, error.after_seconds)
                tries += 1
            except Refused as error:
                self._halve(left, str(error), tally, 0)
                return
            except Exception as error:  # of the sink's own: perhaps of one event
                log.warning("The sink failed: %r", error, exc_info=True)
                tries += 1
                if tries >= MOST_TRIES:
                    self._halve(left, f"{type(error).__name__}: {error}", tally, MOST_TRIES - 1)
                    return
                self._on_failure(f"{type(error).__name__}: {error}")
                self._pause(tries, None)
            else:
                tries += 1
                left = self._sort(left, deliveries, tally, is_last=tries >= MOST_TRIES)
                if left:
                    tally.retried += len(left)
                    self._pause(tries, max((each.after_seconds or 0 for each in deliveries), default=0))
        self._sink.flush()

    def _ask(self, events: list[Event]) -> list[Delivery]:
        deliveries = self._sink.deliver(events)
        if len(deliveries) != len(events):
            raise RuntimeError(f"{len(events)} events were delivered, and {len(deliveries)} answers came.")
        return deliveries

    def _sort(
        self, events: list[Event], deliveries: list[Delivery], tally: Tally, *, is_last: bool
    ) -> list[Event]:
        """What is to be tried again."""
        again = []
        for event, delivery in zip(events, deliveries, strict=True):
            if delivery.outcome == "delivered":
                tally.delivered += 1
            elif delivery.outcome == "retry" and not is_last:
                again.append(event)
            else:
                tally.dead.append((event, delivery.reason or delivery.outcome))
        return again

    def _halve(self, events: list[Event], reason: str, tally: Tally, tries: int) -> None:
        if len(events) == 1:
            tally.dead.append((events[0], reason))
            return
        middle = len(events) // 2
        self.deliver(events[:middle], tally, tries)
        self.deliver(events[middle:], tally, tries)

    def _pause(self, tries: int, wish: float | None) -> None:
        seconds = min(self._first_pause * 2 ** min(tries, 10), LONGEST_PAUSE_SECONDS)
        seconds *= random.uniform(0.75, 1.0)  # several that failed together do not come back together
        if self._stop.wait(max(seconds, min(wish or 0, LONGEST_WISH_SECONDS))):
            raise Stopped
