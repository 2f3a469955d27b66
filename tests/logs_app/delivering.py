"""Sinks that do as the test says, and dispatchers for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from logs_app.bus import Bus
from logs_app.bus.database import DatabaseBus
from logs_app.dispatching.dispatcher import Dispatcher, Order
from logs_app.dispatching.pulse import Pulse
from logs_app.events import Event, subscriptions
from logs_app.sinks import Delivery, Sink, Target

NAME = "test"
DELIVERED = Delivery("delivered")
Answer = Callable[[list[Event]], list[Delivery]]


class Told(Sink):
    """Keeps what arrived. `answer` may raise, or say what becomes of each event."""

    name = "told"

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__(Target())
        self.answer = answer or (lambda events: [DELIVERED] * len(events))
        self.batches: list[list[Event]] = []  # as they came
        self.events: list[Event] = []  # what was taken
        self.flushed = 0

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        self.batches.append(list(events))
        answers = self.answer(list(events))
        self.events += [
            event for event, answer in zip(events, answers, strict=False) if answer.outcome == "delivered"
        ]
        return answers

    def flush(self) -> None:
        self.flushed += 1


def dispatcher(
    sink: Sink,
    bus: Bus | None = None,
    stop: threading.Event | None = None,
    pulse: Pulse | None = None,
    **order: Any,
) -> Dispatcher:
    """Without a pulse of its own: a thread would wait for the test's transaction."""
    subscriptions.begin(NAME, "oldest")
    return Dispatcher(
        Order(NAME, **order),
        bus or DatabaseBus(NAME, "owner"),
        sink,
        pulse or Silent(),
        stop or threading.Event(),
        first_pause=0.001,
    )


class Silent(Pulse):
    def __init__(self) -> None:
        super().__init__(lease_seconds=1_000_000)
