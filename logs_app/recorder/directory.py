"""The journal's directory: opening segments, letting them go, setting the unreadable aside."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from accounts import filelock
from logs_app.journal import segments
from logs_app.journal.segments import MasterKeys, Name, Unreadable
from logs_app.recorder.lives import Segment

UNREADABLE = "unreadable"
# What a segment is called while it is made, which takes a moment.
LEFTOVER_SECONDS = 600

log = logging.getLogger(__name__)


class Directory:
    def __init__(self, path: Path, masters: MasterKeys) -> None:
        self.path, self.masters = path, masters
        self._refused: dict[str, str] = {}  # file name → why it could not be opened

    def names(self) -> dict[str, Name]:
        return {name: parsed for name in os.listdir(self.path) if (parsed := segments.parse_name(name))}

    def has_changed(self, life: str, files: Mapping[str, Name]) -> bool:
        """A rival carried or deleted since these files of the life were found: entries may be missing."""
        present = {file: name for file, name in self.names().items() if name.life == life}
        is_carried = any(name.is_carry for file, name in present.items() if file not in files)
        return is_carried or not files.keys() <= present.keys()

    def open(self, file_name: str, name: Name) -> Segment | None:
        """None when it is gone or cannot be read. One that is still being written stays where it is."""
        try:
            return Segment(self.path / file_name, name, self.masters)
        except FileNotFoundError:
            return None
        except Unreadable as error:
            if self._refused.get(file_name) != str(error):
                log.error("Journal segment %s cannot be read: %s.", self.path / file_name, error)
            self._refused[file_name] = str(error)
            if not filelock.is_held_at(self.path / file_name):
                self.set_aside(file_name)
            return None

    def let_go(self, segment: Segment) -> None:
        if segment.is_damaged or segment.damaged_entries:
            log.error("Journal segment %s has %d damaged entries.", segment.name, segment.damaged_entries)
            self.set_aside(segment.name)
        else:
            segment.path.unlink(missing_ok=True)

    def set_aside(self, file_name: str) -> None:
        """Never deleted, never in the way: `record --journal` on that folder tries again."""
        shelf = self.path / UNREADABLE
        shelf.mkdir(mode=0o700, exist_ok=True)
        try:
            os.rename(self.path / file_name, shelf / file_name)
        except FileNotFoundError:
            return  # a rival did it
        log.error("Journal segment %s was moved to %s.", file_name, shelf)

    def sweep(self) -> None:
        """Leftovers of processes that were killed. A living one has a segment before it has a reserve."""
        leftovers = [entry for entry in os.scandir(self.path) if entry.name.startswith(".")]
        living = {name.life for name in self.names().values()}
        for entry in leftovers:
            is_orphan = entry.name.endswith(".reserve") and entry.name[1:17] not in living
            if is_orphan or (entry.name.endswith(".tmp") and _age_seconds(entry) > LEFTOVER_SECONDS):
                Path(entry.path).unlink(missing_ok=True)


def _age_seconds(entry: os.DirEntry[str]) -> float:
    try:
        return time.time() - entry.stat().st_mtime
    except FileNotFoundError:
        return 0.0
