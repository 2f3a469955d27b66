"""What each process holds of things that end with it: its streams.

A process has a cell in every row, and a lock file that the kernel lets go of however it dies: not a number
of its place among the workers, because a worker and the one that replaces it live side by side for a while.
A count carries the generation of its cell; moving that on voids all that a dead process held, in every row
at once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from accounts import filelock

COUNT = 128
_BITS = 32
_MASK = (1 << _BITS) - 1

log = logging.getLogger(__name__)


class Cells:
    """`words[claimed]` is how many have ever been in use, and their generations follow; `words[slots:]` are
    the cells of a row. The caller holds the lock.

    Without a `folder` nobody else shares the words.
    """

    def __init__(self, folder: Path | None, words: memoryview[int], claimed: int) -> None:
        self._folder = folder
        self._words = words
        self._claimed = claimed
        self._generations = claimed + 1
        self._own: int | None = None
        self._descriptor: int | None = None

    def count(self, slots: int) -> int:
        return sum(held for _, held in self._held(slots))

    def count_living(self, slots: int) -> int:
        """Slower than `count`, which goes on counting what dead processes held until somebody buries them."""
        self._bury(cell for cell, _ in self._held(slots))
        return self.count(slots)

    def add(self, slots: int, amount: int) -> None:
        """To what this process holds."""
        if self._own is None and not self._claim():
            return
        assert self._own is not None
        generation = self._words[self._generations + self._own]
        cell = self._words[slots + self._own]
        held = cell & _MASK if cell >> _BITS == generation else 0
        self._words[slots + self._own] = generation << _BITS | max(held + amount, 0)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = self._own = None

    def _held(self, slots: int) -> list[tuple[int, int]]:
        """By cell. A damaged number of cells must not lead beyond them."""
        words, start = self._words, self._generations
        claimed = min(words[self._claimed], COUNT)
        generations = words[start : start + claimed].tolist()
        cells = words[slots : slots + claimed].tolist()
        return [
            (number, cell & _MASK)
            for number, cell in enumerate(cells)
            if cell and cell >> _BITS == generations[number]
        ]

    def _bury(self, cells: Iterable[int]) -> None:
        for cell in cells:
            if cell != self._own and (descriptor := self._lock(cell)) is not None:
                self._begin(cell)
                os.close(descriptor)

    def _claim(self) -> bool:
        self._bury(range(min(self._words[self._claimed], COUNT)))
        for cell in range(COUNT):
            if self._folder is not None:
                self._descriptor = self._lock(cell)
            if self._folder is None or self._descriptor is not None:
                self._begin(cell)
                self._own = cell
                return True
        log.warning("This process counts no streams: %s has no place for it.", self._folder)
        return False

    def _begin(self, cell: int) -> None:
        at = self._generations + cell
        self._words[at] = self._words[at] % _MASK + 1
        self._words[self._claimed] = max(self._words[self._claimed], cell + 1)

    def _lock(self, cell: int) -> int | None:
        """None while its process lives, and when that cannot be told."""
        if self._folder is None:
            return None
        try:
            return filelock.take(self._folder / f"cell-{cell}")
        except OSError:
            return None
