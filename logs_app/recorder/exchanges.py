"""Exchanges while the recorder collects their entries.

Short ones are kept in memory as they were read. Long ones, and all when memory is short, are only remembered
by where their entries lie, and read again when they are over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from logs_app.assembly.transcript import Piece
from logs_app.journal.reader import Entry
from logs_app.journal.segments import ANSWERED, PART

if TYPE_CHECKING:
    from logs_app.recorder.lives import Segment

LONGEST_KEPT_BYTES = 256 * 1024


class Memory:
    """What all kept exchanges together may take."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self.limit, self.used = limit, 0


class Exchange:
    __slots__ = (
        "_kept", "_kept_bytes", "_memory", "answer", "entry_count", "id", "is_over", "last_place",
        "part_bytes", "part_count", "runs",
    )  # fmt: skip

    def __init__(self, id: bytes, memory: Memory) -> None:
        self.id = id
        self.is_over = False
        self.last_place = -1
        # So far, for whoever watches: all entries, the parts of the answer, and which entry began it.
        self.entry_count = self.part_count = self.part_bytes = 0
        self.answer: int | None = None
        # Where the entries lie, in order: offsets within one segment after the other.
        self.runs: list[tuple[Segment, array[int]]] = []
        self._kept: list[Piece] | None = []
        self._kept_bytes = 0
        self._memory = memory

    def add(self, segment: Segment, entry: Entry, place: int) -> None:
        """`place` orders a life's entries; one met again, in a carry segment and its source, is ignored."""
        if place <= self.last_place:
            return
        self.last_place = place
        kind, _, offset_us, payload, offset = entry
        if kind == PART:
            self.part_count += 1
            self.part_bytes += len(payload)
        elif kind == ANSWERED:
            self.answer = self.entry_count
        self.entry_count += 1
        if not self.runs or self.runs[-1][0] is not segment:
            self.runs.append((segment, array("Q")))
        self.runs[-1][1].append(offset)
        if self._kept is not None:
            self._kept.append((kind, offset_us, payload))
            self._kept_bytes += len(payload)
            self._memory.used += len(payload)
            if self._kept_bytes > LONGEST_KEPT_BYTES or self._memory.used > self._memory.limit:
                self.forget()

    def pieces(self, start: int = 0) -> Iterator[Piece]:
        """From the entry `start` on. Raises LookupError when one that was read cannot be read again."""
        return islice(self._kept, start, None) if self._kept is not None else self._read_again(start)

    def forget(self) -> None:
        """Lets go of the memory."""
        self._memory.used -= self._kept_bytes
        self._kept, self._kept_bytes = None, 0

    def _read_again(self, start: int) -> Iterator[Piece]:
        for segment, offsets in self.runs:
            skipped = min(start, len(offsets))
            start -= skipped
            for offset in islice(offsets, skipped, None):
                kind, _, offset_us, payload, _ = segment.at(offset)
                yield kind, offset_us, payload
