"""A file of fixed size that all processes of a machine map into memory."""

from __future__ import annotations

import errno
import os
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path


def open_or_make(path: Path, magic: bytes, size_bytes: int) -> int:
    """Its descriptor; what does not begin with `magic` or has another size is emptied. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        flock(descriptor, LOCK_EX)
        is_sound = os.fstat(descriptor).st_size == size_bytes
        if not is_sound or os.pread(descriptor, len(magic), 0) != magic:
            _empty(descriptor, magic, size_bytes)
        flock(descriptor, LOCK_UN)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _empty(descriptor: int, magic: bytes, size_bytes: int) -> None:
    """In place and never shorter, since others may have it mapped; and whole, since touching a mapped hole
    of a full disk kills the process."""
    if os.pwrite(descriptor, magic + bytes(size_bytes - len(magic)), 0) != size_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.ftruncate(descriptor, size_bytes)
