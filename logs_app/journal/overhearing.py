"""A journal that remembers, for whoever makes a call and wants its record at once."""

from __future__ import annotations

from logs_app.assembly.transcript import Piece
from logs_app.journal.journal import Journal
from logs_app.journal.segments import ENTRY


class Overheard(Journal):
    """Writes what it is told into `journal`, and keeps it: `pieces` is what the recorder will read."""

    def __init__(self, journal: Journal) -> None:
        self.pieces: list[Piece] = []
        self.dropped_bodies = self.refused_entries = 0
        self._dropped = {}
        self._write = journal._append
        self._append = self._hear

    def _hear(self, entry: bytes, *, is_body: bool = False) -> bool:
        kind, _, offset_us = ENTRY.unpack_from(entry)
        self.pieces.append((kind, offset_us, entry[ENTRY.size :]))
        return self._write(entry, is_body=is_body)
