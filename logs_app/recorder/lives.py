"""One writer process and its segments, as the recorder sees them.

What lies before a segment's recorded position is recorded, or belongs to an exchange that is open. After a
restart the open ones are collected again from the segments that are left; a segment goes when it is consumed
and nothing unrecorded has entries in it.
"""

from __future__ import annotations

import logging
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from logs_app.journal import segments
from logs_app.journal.reader import Entry, SegmentReader
from logs_app.journal.segments import CLOSED, REJECTED, MasterKeys, Name, Unreadable
from logs_app.recorder.exchanges import Exchange, Memory

PLACE = struct.Struct("<Q")
PLACE_SHIFT = 40  # a place in a life: the number of the segment, and below this bit the offset in it

log = logging.getLogger(__name__)

Cursor = tuple[int, int]  # position, closed_batches


@dataclass(frozen=True, slots=True)
class Move:
    """A cursor from where it must still be (None: not yet there) to where it will be."""

    path: Path
    node: str
    old: Cursor | None
    new: Cursor


class Segment(SegmentReader):
    __slots__ = ("closed_batches", "consumed_at", "is_carry", "is_damaged", "number", "pins", "recorded")

    def __init__(self, path: Path, name: Name, masters: MasterKeys) -> None:
        super().__init__(path, masters)
        self.number, self.is_carry = name.number, name.is_carry
        self.pins: set[bytes] = set()  # exchanges that have entries here and are not recorded yet
        self.consumed_at: float | None = None  # on the monotonic clock
        self.is_damaged = False
        self.recorded: Cursor | None = None  # the cursor in the database
        self.closed_batches = 0

    @property
    def is_consumed(self) -> bool:
        """Nothing more will come here, and all of it was read."""
        return self.consumed_at is not None

    def carried(self) -> Iterator[tuple[Entry, int]]:
        """The entries of a carry segment with the places they came from."""
        for kind, id, offset_us, payload, offset in self.entries():
            yield (kind, id, offset_us, payload[PLACE.size :], offset), PLACE.unpack_from(payload)[0]

    def at(self, offset: int) -> Entry:
        entry = super().at(offset)
        return (*entry[:3], entry[3][PLACE.size :], entry[4]) if self.is_carry else entry


class Life:
    def __init__(self, name: str, directory: Path, memory: Memory) -> None:
        self.name = name
        self.segments: dict[int, Segment] = {}
        self.carries: list[Segment] = []
        self.open: dict[bytes, Exchange] = {}
        self.is_over = False  # dead, and everything it left has been read
        self._directory, self._memory = directory, memory
        self.node = ""
        self._abandoned = 0  # exchanges handed out since the last commit that had no end of their own

    @property
    def newest(self) -> Segment | None:
        return next(reversed(self.segments.values()), None)

    @property
    def is_being_carried(self) -> bool:
        """A rival is writing a carry segment; what is in it is not to be judged before it is whole."""
        return any(carry.is_locked for carry in self.carries)

    @property
    def is_being_written(self) -> bool:
        return self.newest is not None and self.newest.is_locked

    def add(self, segment: Segment) -> None:
        self.node = segment.node
        if segment.is_carry:
            self.carries.append(segment)
            self.carries.sort(key=lambda carry: carry.name)
        else:
            self.segments[segment.number] = segment
            self.segments = dict(sorted(self.segments.items()))

    def resume(
        self, cursors: Mapping[str, Cursor], recorded: Callable[[Iterable[bytes]], set[bytes]]
    ) -> None:
        """Collects what was open when the last recorder stopped."""
        for carry in self.carries:
            self._take_carried(carry)
        highest = max((n for n, segment in self.segments.items() if segment.name in cursors), default=-1)
        for number, segment in self.segments.items():
            segment.recorded = cursors.get(segment.name)
            if number <= highest:
                position, segment.closed_batches = segment.recorded or (segment.size, 0)
                self._retake(segment, None if number < highest else position)
        for id in recorded(list(self.open)) if self.open else ():
            self.settle(self.open.pop(id))

    def finished(self) -> Iterator[Exchange]:
        """Reads on and hands out what is over; at the end of a dead life also what never ended."""
        for segment in list(self.segments.values()):
            if segment.is_consumed:
                continue
            is_newest = segment is self.newest
            is_dead = is_newest and self._is_dead(segment)  # the lock is read before the data
            yield from self._read(segment)
            if is_newest and not is_dead:
                return
            segment.consumed_at = time.monotonic()
        yield from self._abandon()

    def moves(self) -> list[Move]:
        """What a commit must do to the cursors so that it covers everything handed out so far."""
        moves = []
        for segment in self.segments.values():
            is_last_word = self._abandoned > 0 and segment is self.newest
            new = (segment.position, segment.closed_batches + is_last_word)
            # A cursor means that all segments before are consumed: none for one that was not begun.
            if new != (segment.recorded or (segment.start, 0)):
                moves.append(Move(segment.path, segment.node, segment.recorded, new))
        return moves

    def committed(self) -> None:
        if self._abandoned and self.newest:
            self.newest.closed_batches += 1
        self._abandoned = 0
        for segment in self.segments.values():
            if segment.recorded or (segment.position, segment.closed_batches) != (segment.start, 0):
                segment.recorded = (segment.position, segment.closed_batches)

    def settle(self, exchange: Exchange) -> None:
        """It is recorded: its entries are needed no more."""
        exchange.forget()
        for segment, _ in exchange.runs:
            segment.pins.discard(exchange.id)

    def disposable(self) -> list[Segment]:
        """Newest last: were the newest missing, the life would seem over with it."""
        gone = [s for s in self.segments.values() if s.is_consumed and not s.pins]
        if not self.is_over:
            gone = [s for s in gone if s is not self.newest]
        return [carry for carry in self.carries if not carry.pins] + gone

    def drop(self, segment: Segment) -> None:
        segment.close()
        if segment.is_carry:
            self.carries.remove(segment)
        else:
            del self.segments[segment.number]

    def carriable(self, oldest: float, most: int) -> list[Segment]:
        """Consumed segments, oldest first, up to the last that is too old or one too many."""
        waiting = [s for s in self.segments.values() if s.is_consumed and s is not self.newest]
        for count in range(len(waiting), 0, -1):
            if (waiting[count - 1].consumed_at or 0) < oldest or len(waiting) - count >= most:
                return waiting[:count]
        return []

    @property
    def unread_bytes(self) -> int:
        return sum(s.size - s.position for s in self.segments.values() if not s.is_consumed)

    def close(self) -> None:
        for segment in (*self.segments.values(), *self.carries):
            segment.close()
        for exchange in self.open.values():
            exchange.forget()

    def _read(self, segment: Segment) -> Iterator[Exchange]:
        base = segment.number << PLACE_SHIFT
        try:
            for entry in segment.entries():
                exchange = self._take(segment, entry, base | entry[4])
                if exchange.is_over:
                    yield self.open.pop(exchange.id)
        except Unreadable as error:
            if not segment.is_damaged:
                log.error("Journal segment %s: %s; what follows there is lost.", segment.name, error)
            segment.is_damaged = True

    def _take(self, segment: Segment, entry: Entry, place: int) -> Exchange:
        id = entry[1]
        exchange = self.open.get(id)
        if exchange is None:
            exchange = self.open[id] = Exchange(id, self._memory)
        exchange.add(segment, entry, place)
        segment.pins.add(id)
        if entry[0] in (CLOSED, REJECTED):
            exchange.is_over = True
        return exchange

    def _take_carried(self, carry: Segment) -> None:
        try:
            for entry, place in carry.carried():
                self._take(carry, entry, place)
        except Unreadable as error:
            log.error("Carry segment %s: %s; what follows there is lost.", carry.name, error)
            carry.is_damaged = True
        carry.consumed_at = time.monotonic()

    def _retake(self, segment: Segment, end: int | None) -> None:
        """What lies before the cursor: what ended there is recorded."""
        base = segment.number << PLACE_SHIFT
        try:
            for entry in segment.entries(end):
                exchange = self._take(segment, entry, base | entry[4])
                if exchange.is_over:
                    self.settle(self.open.pop(exchange.id))
        except Unreadable:
            segment.is_damaged = True
        if end is None:
            segment.consumed_at = time.monotonic()

    def _is_dead(self, newest: Segment) -> bool:
        if newest.is_locked:
            return False
        names = filter(None, map(segments.parse_name, os.listdir(self._directory)))
        return not any(n.life == self.name and not n.is_carry and n.number > newest.number for n in names)

    def _abandon(self) -> Iterator[Exchange]:
        for id in sorted(self.open):
            self._abandoned += 1
            yield self.open.pop(id)
        self.is_over = True
