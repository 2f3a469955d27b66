"""The counts of one machine: a file that all its processes map into memory, under one lock (flock).

The file is written in its whole size from the start: touching a mapped hole of a full disk kills the
process. Each layout has a file of its own, so a new version of the relay and the one it replaces do not
meet. A process that dies inside the lock leaves BUSY behind: then no process trusts a row before it has
looked at it again.

Failure policy: without a file (a full disk, a read-only folder) each process counts for itself and a
warning says so; a full table lets through what it cannot count, and warns. Limits protect the service, they
must not end it.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from types import TracebackType

from accounts.budgets import row as rows
from accounts.budgets.budget import MINUTE_US, STREAMS, Budget
from accounts.budgets.cells import COUNT as CELLS
from accounts.budgets.cells import Cells
from accounts.budgets.row import HAS_CELLS, HIGH, LOW, USED_AT, Row
from accounts.mappedfile import MappedFile

FOLDER, NAME = "limits", "table-1"  # the number is the layout's
MAGIC = b"LLMRELAY"
BUSY, EPOCH, CLAIMED_CELLS = 1, 2, 3
HEADER_WORDS = CLAIMED_CELLS + 1 + CELLS
ROWS = 8192
PROBES = 64  # a budget has its row within so many of its place
BYTES = 8 * (HEADER_WORDS + ROWS * rows.WORDS)
WARNING_SECONDS = 60.0
_FRESH_ROW = memoryview(bytes(8 * rows.WORDS)).cast("Q")

log = logging.getLogger(__name__)


class Table:
    """`with table as now_us:` holds the lock. Of one thread: flock knows no difference within a process."""

    def __init__(self, data_dir: Path) -> None:
        self.uncounted = 0
        self._rows: dict[int, Row] = {}  # by the low half of the digest
        self._epoch = 0
        self._warn_at = 0.0
        self._file = MappedFile(data_dir / FOLDER / NAME, MAGIC, BYTES)
        if error := self._file.error:
            folder = data_dir / FOLDER
            log.warning("Each process counts limits for itself: %s cannot be used (%s).", folder, error)
        self._words = self._file.words
        self.cells = Cells(self._file.folder, self._words, CLAIMED_CELLS)

    def __enter__(self) -> int:
        self._file.lock()
        words = self._words
        if words[BUSY]:
            words[EPOCH] = (words[EPOCH] + 1) & 0xFFFFFFFF
        words[BUSY] = 1
        if words[EPOCH] != self._epoch:
            self._epoch = words[EPOCH]
            self._rows.clear()
        return time.monotonic_ns() // 1000

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._words[BUSY] = 0
        self._file.unlock()

    def row(self, budget: Budget, now_us: int) -> Row | None:
        """None when the table is full."""
        words, row = self._words, self._rows.get(budget.low)
        if row is None or words[row.base + LOW] != budget.low or words[row.base + HIGH] != budget.high:
            row = self._find(budget, now_us)
            if row is None:
                return None
            self._remember(budget, row)
        words[row.base + USED_AT] = now_us
        return row

    def close(self) -> None:
        self.cells.close()
        self._rows.clear()
        self._file.close()

    def _remember(self, budget: Budget, row: Row) -> None:
        if len(self._rows) >= 2 * ROWS:
            self._rows.clear()
        self._rows[budget.low] = row

    def _find(self, budget: Budget, now_us: int) -> Row | None:
        """The budget's row, or one that nobody needs any more made its own."""
        words, spare = self._words, None
        for probe in range(PROBES):
            base = HEADER_WORDS + (budget.high + probe) % ROWS * rows.WORDS
            if words[base + LOW] == budget.low and words[base + HIGH] == budget.high:
                return self._sound(Row(words, base), budget, now_us)
            if spare is None and self._is_idle(base, now_us):
                spare = base
            if not words[base + LOW]:
                break  # rows are taken over, never given up: beyond a fresh one there is none of ours
        if spare is None:
            self._warn()
            return None
        row = Row(words, spare)
        self._begin(row, budget)
        return row

    def _is_idle(self, base: int, now_us: int) -> bool:
        """Whether nothing that this row holds can count any more."""
        words = self._words
        if not words[base + LOW]:
            return True
        if now_us - MINUTE_US < words[base + USED_AT] <= now_us:
            return False
        return not words[base + HAS_CELLS] or not self.cells.count(base + rows.HEADER_WORDS)

    def _sound(self, row: Row, budget: Budget, now_us: int) -> Row:
        has_cells = self._words[row.base + HAS_CELLS]
        if has_cells != (budget.unit == STREAMS) or not (has_cells or row.is_sound(now_us)):
            log.warning("The counts of %s were damaged and begin anew.", budget.name)
            self._begin(row, budget)
        return row

    def _begin(self, row: Row, budget: Budget) -> None:
        words, base = self._words, row.base
        words[base : base + rows.WORDS] = _FRESH_ROW
        words[base + HAS_CELLS] = budget.unit == STREAMS
        words[base + HIGH], words[base + LOW] = budget.high, budget.low

    def _warn(self) -> None:
        self.uncounted += 1
        if time.monotonic() >= self._warn_at:
            self._warn_at = time.monotonic() + WARNING_SECONDS
            log.warning(
                "The table of limits is full: %d counts were skipped so far. Redis is larger: set REDIS_URL.",
                self.uncounted,
            )
