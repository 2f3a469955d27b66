"""From a plan to a dispatcher at work."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from django.conf import settings
from django.db import Error

from logs_app.bus import open_bus
from logs_app.dispatching import filtering
from logs_app.dispatching.dispatcher import Dispatcher, Order
from logs_app.dispatching.filtering import BadFilter
from logs_app.dispatching.plan import BadPlan, Plan
from logs_app.dispatching.pulse import Pulse
from logs_app.events import subscriptions
from logs_app.events.subscriptions import Tally
from logs_app.sinks import SinkError, open_sink

_numbers = itertools.count(1)


@contextmanager
def at_work(
    plan: Plan,
    pulse: Pulse,
    stop: threading.Event,
    *,
    buffer: int | None = None,
    most_failures: int | None = None,
    tell: Callable[[Tally], None] = lambda tally: None,
) -> Iterator[Dispatcher]:
    """Raises BadPlan when it cannot begin as it is."""
    try:
        narrow, sink = filtering.narrow(plan.filter), open_sink(plan.service, plan.target)
    except SinkError as error:
        raise BadPlan(str(error), error.field) from None
    except BadFilter as error:
        raise BadPlan(str(error), "filter") from None
    order = Order(
        plan.name, plan.batch_size, buffer or settings.OBSERVABILITY_BUFFER_SIZE, narrow, most_failures
    )
    with closing(sink), closing(open_bus(plan.name, _owner())) as bus, pulse.showing(plan.name):
        subscriptions.begin(plan.name, plan.beginning)
        try:
            yield Dispatcher(order, bus, sink, pulse, stop, tell)
        finally:
            with suppress(Error):  # it will look dead soon anyway
                subscriptions.leave(plan.name)


def _owner() -> str:
    """Of what it takes from the bus: never one that was used before."""
    return f"{settings.NODE_ID}-{os.getpid()}-{next(_numbers)}"
