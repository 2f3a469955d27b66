"""Reads the file of events while a dispatcher writes and rotates it, and keeps the ids."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

INTERVAL_SECONDS = 0.2
# The first member but one of an event; whatever a client said comes later.
ID = re.compile(rb'"id":"([0-9a-f-]{36})"')


class Follower:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self.ids: set[bytes] = set()
        self.lines = 0

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(INTERVAL_SECONDS):
            self.read()
        self.read()

    def read(self) -> None:
        """All that is there, also what was written before the file was rotated away under us."""
        while True:
            if self._file is None and not self._open():
                return
            assert self._file is not None
            is_rotated = not self._is_current()
            self._take(self._file)
            if not is_rotated:
                return
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        with suppress(FileNotFoundError):
            self._file = self._path.open("rb")
        return self._file is not None

    def _is_current(self) -> bool:
        assert self._file is not None
        with suppress(FileNotFoundError):
            return os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        return False

    def _take(self, file: BinaryIO) -> None:
        while block := file.read(1 << 20):
            *lines, self._rest = (self._rest + block).split(b"\n")
            for line in lines:
                if found := ID.search(line, 0, 200):
                    self.ids.add(bytes.fromhex(found[1].replace(b"-", b"").decode()))
                    self.lines += 1
