"""Which segments of the journal still need an older one of FIELD_ENCRYPTION_KEYS: it must stay until they are
recorded. A running process writes under the key that was the newest when it started.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from logs_app.journal import segments
from logs_app.journal.segments import MasterKeys, Unreadable


def count_segments(directory: Path, keys_newest_first: Sequence[str]) -> int:
    newest, every = MasterKeys(keys_newest_first[:1]), MasterKeys(keys_newest_first)
    paths = (path for path in directory.glob("*.seg") if segments.parse_name(path.name))
    return sum(_opens(path, every) and not _opens(path, newest) for path in paths)


def _opens(path: Path, keys: MasterKeys) -> bool:
    """Not one that was recorded and deleted just now, and not one that is no segment."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        segments.read_header(fd, keys)
    except Unreadable:
        return False
    finally:
        os.close(fd)
    return True
