"""An answer, taken down while it is delivered: for the store when it is whole, and for those who wait for it.

Failure policy: what is too large, broken off or not worth keeping is let go; the delivery never notices.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from ..errors import MidStream
from .entry import Entry

# An answer too large to be kept is still shared with those who have begun to read it, up to here.
_SHARED_TIMES = 16


class Room:
    """Bytes that all recordings of a process may take together."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes

    def take(self, size_bytes: int) -> bool:
        if size_bytes > self._left:
            return False
        self._left -= size_bytes
        return True

    def give(self, size_bytes: int) -> None:
        self._left += size_bytes


class Recording:
    """`entry` is to have the body; `keep` is given it once it has, and says whether it is worth keeping."""

    def __init__(self, entry: Entry, limit_bytes: int, room: Room, keep: Callable[[Entry], bool]) -> None:
        self.entry = entry
        self.whole: Entry | None = None
        self.readers = 0
        self._limit_bytes = limit_bytes
        self._room = room
        self._keep = keep
        self._parts: list[bytes] = []
        self._pieces: list[tuple[int, int]] = []
        self._bytes = 0
        self._began_ns = time.monotonic_ns()
        self._changed = asyncio.Event()
        self._is_kept = True
        self._fault: MidStream | None = None
        self.is_over = False

    def add(self, part: bytes) -> None:
        if self.is_over or not (self._is_kept or self.readers):
            return
        if not self._room.take(len(part)):
            self.fail("the relay's memory for it is used up")
            return
        self._bytes += len(part)
        if self._bytes > self._limit_bytes:
            self._outgrow()
        if self.is_over:
            return
        self._parts.append(part)
        if self.entry.is_stream:
            self._pieces.append(((time.monotonic_ns() - self._began_ns) // 1000, len(part)))
        self._changed.set()

    def finish(self) -> None:
        """The provider has said all of it."""
        if self.is_over:
            return
        self.is_over = True
        if self._is_kept:
            whole = replace(self.entry, body=b"".join(self._parts), pieces=tuple(self._pieces))
            if self._keep(whole):
                self.whole = whole
        self._let_go()

    def fail(self, why: str) -> None:
        """It will not be whole. Whoever has begun to read it is told, the others never hear of it."""
        if self.is_over:
            return
        self.is_over, self._is_kept = True, False
        self._fault = MidStream("upstream_truncated", why)
        self._let_go()

    @property
    def is_kept(self) -> bool:
        """Whether it may still come into the store, so that others may join."""
        return self._is_kept

    async def ended(self) -> None:
        while not self.is_over:
            await self._change()

    async def parts(self) -> AsyncGenerator[bytes]:
        """From the first on, and on as they come. Raises MidStream."""
        self.readers += 1
        place = 0
        try:
            while True:
                while place < len(self._parts):
                    place += 1
                    yield self._parts[place - 1]
                if self._fault is not None:
                    raise self._fault
                if self.is_over:
                    return
                await self._change()
        finally:
            self.readers -= 1

    def _outgrow(self) -> None:
        self._is_kept = False
        self._pieces.clear()
        if not self.readers:
            self.fail("it is too large to be kept")
        elif self._bytes > self._limit_bytes * _SHARED_TIMES:
            self.fail("it is too large to be shared")

    def _let_go(self) -> None:
        self._room.give(self._bytes)
        self._bytes = 0
        if not self.readers and not self._is_kept:
            self._parts.clear()
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
