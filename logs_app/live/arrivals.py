"""Records that have come since a position, which is what `events.feed.newest` said at some moment.

Numbers become visible in their order (they are given in the recorder's transaction, under a lock), so what
lies after a position was never seen before it. Times and ids do not have this: a long call is recorded late.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from logs_app.models import LogRecord, LogRecordQuerySet

Position = Mapping[str, int]  # of each node the number of its newest record

# Of each node. Who comes back after more has missed the older ones.
FARTHEST_LOOK = 5000


def is_position(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(node, str) and type(seq) is int for node, seq in value.items()
    )


def between(records: LogRecordQuerySet, after: Position, until: Position) -> LogRecordQuerySet:
    """Those among `records` that were made after the one and not after the other."""
    spans = [
        Q(node=node, seq__gt=max(after.get(node, 0), seq - FARTHEST_LOOK), seq__lte=seq)
        for node, seq in until.items()
        if seq > after.get(node, 0)
    ]
    if not spans:
        return records.none()
    condition = spans[0]
    for span in spans[1:]:
        condition |= span
    return records.filter(condition)


def latest(records: Any, after: Position, until: Position, most: int) -> tuple[list[LogRecord], bool]:
    """The newest of them, oldest first, and whether there may be more than these."""
    found = list(between(records, after, until).order_by("-pk")[: most + 1])
    is_far = any(seq - after.get(node, 0) > FARTHEST_LOOK for node, seq in until.items())
    return found[:most][::-1], is_far or len(found) > most
