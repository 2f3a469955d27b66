"""What a dispatcher would deliver. Nothing is taken, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from logs_app.dispatching import filtering
from logs_app.dispatching.plan import Plan
from logs_app.events import Event, feed, subscriptions

AT_ONCE = 500


def write(plan: Plan, file: BinaryIO) -> int:
    """A JSON object a line; how many."""
    count = 0
    for event in events(plan):
        file.write(event.as_json() + b"\n")
        count += 1
    file.flush()
    return count


def events(plan: Plan) -> Iterator[Event]:
    """From where it stopped, or would begin, to what is there now."""
    narrow, settled = filtering.narrow(plan.filter), subscriptions.position(plan.name, plan.beginning)
    for node, newest in feed.newest().items():
        for first in range(settled[node] + 1, newest + 1, AT_ONCE):
            seqs = range(first, min(first + AT_ONCE, newest + 1))
            for portion in feed.read(node, seqs, narrow, with_raw=False):
                yield from portion.events
