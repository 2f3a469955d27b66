"""A file of fixed size that all processes of a machine map into memory, under one lock (flock)."""

from __future__ import annotations

import errno
import mmap
import os
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path


class MappedFile:
    """Where there is no path, or `error` says why it cannot be used, it is memory of this process alone, and
    `folder` is None. Of one thread: flock knows no difference within a process.
    """

    def __init__(self, path: Path | None, magic: bytes, size_bytes: int) -> None:
        self.error: OSError | None = None
        self._descriptor: int | None = None
        try:
            self._descriptor = _open_or_make(path, magic, size_bytes) if path is not None else None
            self.map = mmap.mmap(-1 if self._descriptor is None else self._descriptor, size_bytes)
        except OSError as error:
            self._close_file()
            self.error, self.map = error, mmap.mmap(-1, size_bytes)
        self.folder = path.parent if path is not None and self.error is None else None
        self.words = memoryview(self.map).cast("Q")

    def lock(self) -> None:
        if self._descriptor is not None:
            flock(self._descriptor, LOCK_EX)

    def unlock(self) -> None:
        if self._descriptor is not None:
            flock(self._descriptor, LOCK_UN)

    def close(self) -> None:
        self.words.release()
        self.map.close()
        self._close_file()

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _open_or_make(path: Path, magic: bytes, size_bytes: int) -> int:
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
