"""Takes events from the bus and has them delivered, in their order.

A batch is complete when it is large enough or the oldest of it has waited for a second. Nothing is settled
before it is delivered or given up, so whatever dies, it comes again. What is held in memory is one lot of
numbers and the events of one batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event as Flag

from django.db import Error, connections
from redis.exceptions import RedisError

from logs_app.bus import Bus, Lot, Overtaken
from logs_app.dispatching import deadletters
from logs_app.dispatching.courier import FIRST_PAUSE_SECONDS, Courier, Stopped
from logs_app.dispatching.pulse import Pulse
from logs_app.events import feed, subscriptions
from logs_app.events.feed import Narrow, Portion
from logs_app.events.subscriptions import Tally
from logs_app.sinks import Sink

POLL_SECONDS = 0.25
OLDEST_SECONDS = 1.0
PAUSE_SECONDS = 2.0
# After SIGTERM: what is there still goes out, for so long.
FLUSH_SECONDS = 5.0
DUE_SECONDS = 1.0
# Of a lot that dispatchers died of: each event on its own, then the first is not even tried.
SINGLE_TRIES, MOST_TRIES = 2, 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What a dispatcher is to do."""

    name: str
    batch_size: int = 50
    buffer: int = 1000
    narrow: Narrow = feed.everything
    # In a row, that end it; None: it waits for ever.
    most_failures: int | None = None


class Dispatcher:
    def __init__(
        self,
        order: Order,
        bus: Bus,
        sink: Sink,
        pulse: Pulse,
        stop: Flag,
        tell: Callable[[Tally], None] = lambda tally: None,
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        """`tell` hears of each portion that is settled."""
        self.order, self._bus, self._sink, self._pulse = order, bus, sink, pulse
        self._stop, self._tell = stop, tell
        self._courier = Courier(sink, stop, self._fail, first_pause)
        self._failures = 0  # since something arrived
        self._waiting_since: float | None = None
        self._due_at = self._ends_at = 0.0

    def run(self) -> None:
        """Until `stop`, and then for as long as FLUSH_SECONDS allow."""
        while not self._stop.is_set():
            if not self._try(self.step):
                self._stop.wait(POLL_SECONDS)
        self._ends_at = time.monotonic() + FLUSH_SECONDS
        while not self._is_over() and self._try(self._deliver_some):
            continue

    def drain(self) -> bool:
        """What is there, and no more; False when not all of it could be delivered."""
        goal = feed.newest()
        while not self._stop.is_set() and self._is_behind(goal):
            if not self._try(self._deliver_some):
                self._stop.wait(POLL_SECONDS)  # the rest is with another one of this name
        return not self._is_behind(goal)

    def step(self) -> bool:
        """False when there is nothing to do."""
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + DUE_SECONDS
            deadletters.send_due(self.order.name, self._courier, self._note, with_raw=self._sink.wants_raw)
        return self._is_complete() and self._deliver_some()

    def _is_complete(self) -> bool:
        waiting = self._bus.waiting()
        if not waiting:
            self._waiting_since = None
            return False
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        return waiting >= self.order.batch_size or now - self._waiting_since >= OLDEST_SECONDS

    def _is_behind(self, goal: Mapping[str, int]) -> bool:
        rows = subscriptions.cursors(self.order.name)
        return any(rows[node].seq < seq for node, seq in goal.items())

    def _is_over(self) -> bool:
        return self._stop.is_set() and time.monotonic() >= self._ends_at

    def _deliver_some(self) -> bool:
        lot = self._bus.take(max(self.order.buffer, self.order.batch_size))
        self._waiting_since = None
        if lot is None:
            return False
        with self._pulse.keeping(self._bus, lot):
            try:
                self._deliver(lot)
            except Stopped:
                self._bus.release(lot)
                return False
        return True

    def _deliver(self, lot: Lot) -> None:
        size = self.order.batch_size if lot.tries <= SINGLE_TRIES else 1
        is_deadly, seqs = lot.tries > MOST_TRIES, lot.seqs
        for start in range(0, len(seqs), size):
            some = seqs[start : start + size]
            for portion in feed.read(lot.node, some, self.order.narrow, with_raw=self._sink.wants_raw):
                self._deliver_portion(lot, portion, is_deadly=is_deadly)
                is_deadly = False
                if self._is_over() and portion.upto < seqs[-1]:
                    raise Stopped

    def _deliver_portion(self, lot: Lot, portion: Portion, *, is_deadly: bool) -> None:
        tally = Tally(lost=portion.lost)
        if is_deadly:
            reason = f"Dispatchers died {lot.tries - 1} times while they delivered it."
            tally.dead += [(event, reason) for event in portion.events]
        elif portion.events:
            self._courier.deliver(portion.events, tally)
        self._bus.settle(lot, portion.upto, tally)
        self._failures = 0
        self._note(tally)

    def _note(self, tally: Tally) -> None:
        if tally.lost:
            log.warning(
                "%s missed %d events: their records were removed before it got to them.",
                self.order.name,
                tally.lost,
            )
        for event, reason in tally.dead:
            log.error("%s gave up on event %s: %s", self.order.name, event.id, reason)
        self._tell(tally)

    def _fail(self, reason: str) -> None:
        log.warning("%s cannot deliver: %s", self.order.name, reason)
        subscriptions.fail(self.order.name, reason)
        self._failures += 1
        if self._failures == self.order.most_failures:
            self._stop.set()

    def _try(self, work: Callable[[], bool]) -> bool:
        """Failure policy: while database or Redis are away nothing is taken; what was taken comes again."""
        try:
            return work()
        except Overtaken:
            log.warning("%s was silent for too long; somebody else went on with its work.", self.order.name)
        except Stopped:
            pass
        except (Error, RedisError) as error:
            connections[feed.alias()].close()
            log.warning("%s waits for its database or Redis: %s", self.order.name, error)
            self._stop.wait(PAUSE_SECONDS)
        return False
