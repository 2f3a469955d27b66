"""Locks of files (flock) for a whole life: the kernel lets go of one however its holder ends.

Whoever asks whether a holder lives takes the lock for a moment, shared with others who ask.
"""

from __future__ import annotations

import os
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path


def take(path: Path) -> int | None:
    """The descriptor to be kept open; None while another one holds the file. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    is_ours = False
    try:
        is_ours = lock(descriptor)
    finally:
        if not is_ours:
            os.close(descriptor)
    return descriptor if is_ours else None


def lock(descriptor: int) -> bool:
    """Whether it is ours now."""
    return _try(descriptor, LOCK_EX)


def is_held(descriptor: int) -> bool:
    """Whether another one holds the file."""
    if not _try(descriptor, LOCK_SH):
        return True
    flock(descriptor, LOCK_UN)
    return False


def is_held_at(path: Path) -> bool:
    """The same of a file that may not be there."""
    try:
        with path.open("rb") as file:
            return is_held(file.fileno())
    except FileNotFoundError:
        return False


def _try(descriptor: int, kind: int) -> bool:
    try:
        flock(descriptor, kind | LOCK_NB)
    except BlockingIOError:
        return False
    return True
