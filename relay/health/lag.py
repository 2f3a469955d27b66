"""How far the recorder is behind the journal, as seen from any process."""

from __future__ import annotations

import os
import time
from pathlib import Path

from accounts import filelock
from logs_app.journal import segments
from logs_app.management.commands.record import LOCK_NAME
from logs_app.models import JournalCursor

# About 10 000 ordinary exchanges; more than any restart of the recorder leaves behind.
MOST_UNREAD_BYTES = 64 << 20
# `serve` brings a dead recorder back sooner than this, unless it keeps dying.
LONGEST_ABSENCE_SECONDS = 45.0


def unread_bytes(journal: Path) -> int:
    """What is written and not yet recorded. Entries of exchanges still open count until the next commit."""
    sizes = _segment_sizes(journal)
    cursors = JournalCursor.objects.filter(segment__in=sizes)
    positions: dict[str, int] = dict(cursors.values_list("segment", "position"))
    for name in sizes.keys() - positions.keys():  # nothing of it is recorded yet, or nothing is in it
        positions[name] = segments.header_bytes(journal / name)
    return sum(max(0, size - positions[name]) for name, size in sizes.items())


def _segment_sizes(journal: Path) -> dict[str, int]:
    sizes = {}
    if journal.is_dir():
        for entry in os.scandir(journal):
            name = segments.parse_name(entry.name)
            # A carry segment holds copies of what was read already.
            if name is not None and not name.is_carry:
                sizes[entry.name] = _size(entry)
    return sizes


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # recorded and removed in this moment
        return 0


class Absence:
    """Since when no recorder holds the journal's lock; a restart of a second is nothing to speak of."""

    def __init__(self) -> None:
        self._since: float | None = None

    def seconds(self, journal: Path) -> float:
        if filelock.is_held_at(journal / LOCK_NAME):
            self._since = None
            return 0.0
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since


absence = Absence()


def reasons(journal: Path) -> list[str]:
    """Why the recorder does not keep up; none when it does."""
    unread = unread_bytes(journal)
    if unread > MOST_UNREAD_BYTES:
        return [f"The recorder is {unread >> 20} MB behind the journal."]
    if absence.seconds(journal) > LONGEST_ABSENCE_SECONDS:
        return ["No recorder is at work. Start manage.py record, or the whole relay with manage.py serve."]
    return []
