"""Exchanges while the recorder collects their entries.

Short ones are kept in memory as they were read. Long ones, and all when memory is short, are only remembered
by where their entries lie, and read again when they are over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

from logs_app.reader import Entry
from logs_app.transcript import Piece

if TYPE_CHECKING:
    from logs_app.lives import Segment

LONGEST_KEPT_BYTES = 256 * 1024


class Memory:
    """What all kept exchanges together may take."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self.limit, self.used = limit, 0


class Exchange:
    __slots__ = ("_kept", "_kept_bytes", "_memory", "id", "is_over", "last_place", "runs")

    def __init__(self, id: bytes, memory: Memory) -> None:
        self.id = id
        self.is_over = False
        self.last_place = -1
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
        if not self.runs or self.runs[-1][0] is not segment:
            self.runs.append((segment, array("Q")))
        self.runs[-1][1].append(offset)
        if self._kept is not None:
            self._kept.append((kind, offset_us, payload))
            self._kept_bytes += len(payload)
            self._memory.used += len(payload)
            if self._kept_bytes > LONGEST_KEPT_BYTES or self._memory.used > self._memory.limit:
                self.forget()

    def pieces(self) -> Iterator[Piece]:
        """Raises LookupError when an entry that was read before cannot be read again."""
        return iter(self._kept) if self._kept is not None else self._read_again()

    def forget(self) -> None:
        """Lets go of the memory."""
        self._memory.used -= self._kept_bytes
        self._kept, self._kept_bytes = None, 0

    def _read_again(self) -> Iterator[Piece]:
        for segment, offsets in self.runs:
            for offset in offsets:
                kind, _, offset_us, payload, _ = segment.at(offset)
                yield kind, offset_us, payload
