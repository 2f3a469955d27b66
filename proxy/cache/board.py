"""What each process of a machine tells of its cache: a small file of its own, locked while it lives.

Failure policy: nobody's call depends on it. What cannot be written or read is left out.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import orjson

from accounts import filelock

from .store import Counters

FOLDER = "cache"
_MOST_NOTES = 50
_NOTHING: dict[str, Any] = {"counters": {}, "followed": 0, "purges": {}}

log = logging.getLogger("relay.cache")


class Board:
    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FOLDER / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._descriptor: int | None = None
        self._told: bytes = b""
        self._notes: dict[str, int] = {}  # by purge: answers that were deleted here
        self._followed = 0
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = filelock.take(self._path)
        except OSError as error:
            log.warning("What the cache of this process holds cannot be told: %s", error)

    def note(self, purge: int, deleted: int) -> None:
        self._followed = max(self._followed, purge)
        self._notes[str(purge)] = deleted
        while len(self._notes) > _MOST_NOTES:
            del self._notes[next(iter(self._notes))]

    def tell(self, counters: Counters) -> None:
        said = orjson.dumps(
            {"counters": counters.as_dict(), "followed": self._followed, "purges": self._notes}
        )
        if said == self._told or self._descriptor is None:
            return
        try:
            # Spaces at the end: what is shorter than before must not leave the end of that behind.
            os.pwrite(self._descriptor, said.ljust(len(self._told)), 0)
        except OSError:
            return
        self._told = said.ljust(len(self._told))

    def close(self) -> None:
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


def read_all(data_dir: Path) -> list[dict[str, Any]]:
    """Of the processes that live; what others left behind is removed."""
    found = []
    for path in sorted((data_dir / FOLDER).glob("*.json")):
        try:
            with path.open("rb") as file:
                if not filelock.is_held(file.fileno()):
                    path.unlink(missing_ok=True)
                    continue
                found.append(_read(file.read()))
        except OSError:
            continue
    return found


def _read(told: bytes) -> dict[str, Any]:
    """One that is being written tells nothing yet."""
    try:
        return {**_NOTHING, **orjson.loads(told)}
    except orjson.JSONDecodeError:
        return _NOTHING
