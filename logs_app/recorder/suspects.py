"""Which exchange was being folded when the recorder died: one that killed it twice is not folded again.

The file is mapped into memory, so that noting an exchange costs no system call and outlives a killed process.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

DEATHS_TO_CONVICT = 2
_ID_BYTES = 16
_NOBODY = bytes(_ID_BYTES)
_SUSPECT = struct.Struct("16sB")
_SUSPECTS = 64


class Suspects:
    def __init__(self, path: Path) -> None:
        size = _ID_BYTES + _SUSPECTS * _SUSPECT.size
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, size)
            self._map = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        self._deaths = self._load()
        self._blame(self._map[:_ID_BYTES])
        self.convicted = {id for id, deaths in self._deaths.items() if deaths >= DEATHS_TO_CONVICT}

    def enter(self, id: bytes) -> None:
        self._map[:_ID_BYTES] = id

    def leave(self) -> None:
        self._map[:_ID_BYTES] = _NOBODY

    def close(self) -> None:
        self._map.close()

    def _load(self) -> dict[bytes, int]:
        found = _SUSPECT.iter_unpack(self._map[_ID_BYTES:])
        return {id: deaths for id, deaths in found if id != _NOBODY}

    def _blame(self, id: bytes) -> None:
        if id == _NOBODY:
            return
        self._deaths[id] = min(self._deaths.pop(id, 0) + 1, 255)
        newest = list(self._deaths.items())[-_SUSPECTS:]
        stored = b"".join(_SUSPECT.pack(*suspect) for suspect in newest)
        self._map[_ID_BYTES : _ID_BYTES + len(stored)] = stored
        self.leave()
