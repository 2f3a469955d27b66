"""Records on their way into one transaction, and how many of them a transaction takes."""

from __future__ import annotations

import time

from logs_app.assembly import Rows
from logs_app.recorder.exchanges import Exchange
from logs_app.recorder.lives import Life

SMALLEST, FIRST, LARGEST = 8, 64, 1000
LARGEST_BYTES = 4 << 20
OLDEST_SECONDS = 0.3


class Batch:
    def __init__(self) -> None:
        self.entries: list[tuple[Life, Exchange, Rows]] = []
        self._size, self._bytes, self._until = FIRST, 0, 0.0

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def rows(self) -> list[Rows]:
        return [rows for _, _, rows in self.entries]

    @property
    def nodes(self) -> set[str]:
        return {rows.node for rows in self.rows}

    @property
    def is_full(self) -> bool:
        if not self.entries:
            return False
        is_large = len(self.entries) >= self._size or self._bytes >= LARGEST_BYTES
        return is_large or time.monotonic() >= self._until

    def add(self, life: Life, exchange: Exchange, rows: Rows) -> None:
        if not self.entries:
            self._until = time.monotonic() + OLDEST_SECONDS
        self.entries.append((life, exchange, rows))
        self._bytes += rows.bytes

    def exchange_of(self, wanted: Rows) -> Exchange:
        return next(exchange for _, exchange, rows in self.entries if rows is wanted)

    def adapt(self, seconds: float, longest: float) -> None:
        """Others write too: fewer records at once when a transaction took longer than it should."""
        if seconds > longest:
            self._size = max(self._size * 3 // 4, SMALLEST)
        elif len(self.entries) >= self._size:
            self._size = min(self._size * 5 // 4, LARGEST)

    def settle(self) -> None:
        """Its records are written."""
        for life, exchange, _ in self.entries:
            life.settle(exchange)
        self.entries, self._bytes = [], 0

    def drop(self) -> None:
        for _, exchange, _ in self.entries:
            exchange.forget()
        self.entries, self._bytes = [], 0
