"""Since when stored answers to GET are true, told to all processes of a machine by a file that they map.

Every resource has a word there, found by hash. A call that changed a resource gives the word a new value, and
an answer is good only while the word is what it was when that answer was asked for. So nothing is searched
for, and an answer that was on its way counts as what it is. Two resources in one word cost a miss.

Failure policy: without a file (a full disk, a read-only folder) each process marks for itself, and says so.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from accounts.mappedfile import MappedFile

from .board import FOLDER

NAME = "marks-1"  # the number is the layout's
MAGIC = b"LLMRMARK"
WORDS = 65_536
_BYTES = 8 * (1 + WORDS)
_BITS = 63

log = logging.getLogger("relay.cache")


def fresh() -> int:
    """Chosen, not counted: two processes that mark at once must not agree on a number."""
    return secrets.randbits(_BITS) | 1


class Marks:
    def __init__(self, data_dir: Path | None = None) -> None:
        self._file = MappedFile(data_dir and data_dir / FOLDER / NAME, MAGIC, _BYTES)
        if error := self._file.error:
            log.warning(
                "What a call changes is told to no other process: %s cannot be used (%s).", data_dir, error
            )
        self._words = self._file.words

    def of(self, resource: str) -> int:
        return self._words[_place(resource)] if resource else 0

    def move(self, resource: str) -> None:
        self._words[_place(resource)] = fresh()

    def close(self) -> None:
        self._file.close()


def _place(resource: str) -> int:
    return 1 + int(resource[:12], 16) % WORDS
