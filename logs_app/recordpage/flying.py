"""A call that has no record yet: it goes on, or its record is being made."""

from __future__ import annotations

import time
from uuid import UUID

from logs_app import live
from logs_app.identifiers import milliseconds_of
from logs_app.live import Flight

# From the end of a call to its record there is less than a second, unless the database is away.
YOUNG_SECONDS = 60


def named(pk: str) -> UUID | None:
    """None for what is no id of a call."""
    try:
        id = UUID(pk)
    except ValueError:
        return None
    return id if id.version == 7 else None


def find(id: UUID) -> Flight | None:
    """None when it is over, or is too old to be listed, or is another machine's."""
    flights = live.in_flight()
    return next((flight for flight in flights.newest if flight.id == id.hex), None) if flights else None


def is_young(id: UUID) -> bool:
    """An id begins with the moment of its call."""
    return abs(time.time() - milliseconds_of(id) / 1000) < YOUNG_SECONDS
