"""The standing of the providers of one machine: a file that all its processes map, under one lock (flock).

It holds only providers that are not entirely healthy, so there is nothing to read while all of them are:
one word, `generation`, tells whether anything changed. Permits are held by processes (`Cells`), and void when
theirs dies. Each layout has a file of its own, so a new version of the relay does not meet the one it
replaces.

Failure policy: without a file (a full disk, a read-only folder) each process judges for itself and a warning
says so; a provider that finds no row counts as healthy. Nothing here may end a call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson

from accounts.budgets.cells import COUNT as CELLS
from accounts.budgets.cells import Cells
from accounts.mappedfile import MappedFile

from .breaker import Phase, State

FOLDER, NAME = "health", "table-1"  # the number is the layout's
MAGIC = b"LLMRHLTH"
GENERATION, CLAIMED_ROWS, CLAIMED_CELLS = 1, 2, 3
HEADER_WORDS = CLAIMED_CELLS + 1 + CELLS
ROWS = 1024
STATE_BYTES = 2048
ID, LENGTH = 0, 1  # words of a row; its state and its cells follow
ROW_WORDS = LENGTH + 1 + STATE_BYTES // 8 + CELLS
BYTES = 8 * (HEADER_WORDS + ROWS * ROW_WORDS)
_MASK = (1 << 63) - 1
_NO_CELLS = memoryview(bytes(8 * CELLS)).cast("Q")

Step = Callable[[State | None], State | None]

log = logging.getLogger("relay.health")


class Table:
    """`generation` moves with every change. Without a folder it is of this process alone."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self._lock = threading.Lock()  # flock knows no difference within a process
        folder = data_dir and data_dir / FOLDER
        self._file = MappedFile(folder and folder / NAME, MAGIC, BYTES)
        if error := self._file.error:
            log.warning("Each process judges providers for itself: %s cannot be used (%s).", folder, error)
        self._words = self._file.words
        self._cells = Cells(self._file.folder, self._words, CLAIMED_CELLS)
        self._rows: dict[int, int] = {}  # where each provider was last seen

    @property
    def generation(self) -> int:
        return self._words[GENERATION]

    def read(self) -> tuple[int, Mapping[int, State]]:
        """The generation, and the states at it."""
        with self._held():
            found = {}
            for base in self._bases():
                if (provider_id := self._words[base + ID]) and (state := self._state(base)):
                    found[provider_id] = state
                    self._rows[provider_id] = base
            return self._words[GENERATION], found

    def change(self, provider_id: int, step: Step) -> State | None:
        """What `step` makes of its state, None being healthy."""
        with self._held():
            base = self._find(provider_id)
            old = self._state(base) if base is not None else None
            new = step(old)
            if new == old:
                return new
            if new is None:
                self._free(base)
            elif (base := self._claim() if base is None else base) is not None:
                self._write(base, provider_id, new)
            self._words[GENERATION] = (self._words[GENERATION] + 1) & _MASK
            return new

    def take_permit(self, provider_id: int, most: int) -> bool:
        with self._held():
            base = self._find(provider_id)
            if base is None:
                return True
            slots = _slots(base)
            # What dead processes held is only looked for when it would stand in the way.
            if self._cells.count(slots) >= most and self._cells.count_living(slots) >= most:
                return False
            self._cells.add(slots, 1)
            return True

    def give_back_permit(self, provider_id: int) -> None:
        with self._held():
            if (base := self._find(provider_id)) is not None:
                self._cells.add(_slots(base), -1)

    def close(self) -> None:
        self._cells.close()
        self._file.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._lock:
            self._file.lock()
            try:
                yield
            finally:
                self._file.unlock()

    def _bases(self) -> Iterator[int]:
        """Of the rows that were ever used; a damaged number must not lead beyond them."""
        for number in range(min(self._words[CLAIMED_ROWS], ROWS)):
            yield HEADER_WORDS + number * ROW_WORDS

    def _find(self, provider_id: int) -> int | None:
        base = self._rows.get(provider_id)
        if base is None or self._words[base + ID] != provider_id:
            base = next((base for base in self._bases() if self._words[base + ID] == provider_id), None)
        return base

    def _claim(self) -> int | None:
        base = next((base for base in self._bases() if not self._words[base + ID]), None)
        if base is None and self._words[CLAIMED_ROWS] < ROWS:
            base = HEADER_WORDS + self._words[CLAIMED_ROWS] * ROW_WORDS
            self._words[CLAIMED_ROWS] += 1
        if base is not None:
            self._words[_slots(base) : _slots(base) + CELLS] = _NO_CELLS
        return base

    def _free(self, base: int | None) -> None:
        if base is not None:
            self._words[base + ID] = 0

    def _write(self, base: int, provider_id: int, state: State) -> None:
        data, start = orjson.dumps(state), 8 * (base + LENGTH + 1)
        if len(data) > STATE_BYTES:  # a great many refused keys: they will be refused again
            data = orjson.dumps(replace(state, refused_keys=()))
        self._words[base + LENGTH] = len(data)
        self._file.map[start : start + len(data)] = data
        self._words[base + ID] = provider_id

    def _state(self, base: int) -> State | None:
        """None of what a process left half written."""
        start, length = 8 * (base + LENGTH + 1), min(self._words[base + LENGTH], STATE_BYTES)
        return state_of(self._file.map[start : start + length])


def state_of(data: bytes | str) -> State | None:
    try:
        values = orjson.loads(data)
        refused_keys = tuple(values.pop("refused_keys"))
        return State(phase=Phase(values.pop("phase")), refused_keys=refused_keys, **values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _slots(base: int) -> int:
    return base + LENGTH + 1 + STATE_BYTES // 8
