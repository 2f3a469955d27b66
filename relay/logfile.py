"""The file that the log goes to: every process writes it, one of them rotates it."""

from __future__ import annotations

import fcntl
import logging
import os
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

MEGABYTE = 1 << 20


def handler(path: Path, max_size_mb: float, max_backups: int) -> dict[str, Any]:
    """For `logging.config`. Raises ImproperlyConfigured when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise ImproperlyConfigured(
            f"LOG_FILE cannot be written: {error.filename}: {error.strerror}."
        ) from None
    most = int(max_size_mb * MEGABYTE)
    return {"()": RotatingFile, "path": path, "max_bytes": most, "max_backups": max_backups}


class RotatingFile(WatchedFileHandler):
    """Opens the file anew when it was moved away, by another process of ours or by logrotate.

    At `max_bytes` it becomes path.1, path.1 becomes path.2, up to `max_backups`; 0 never rotates. The lock, a
    file of its own, lets one process rotate while the others go on writing into the file that is moved.
    """

    def __init__(self, path: Path, max_bytes: int, max_backups: int) -> None:
        super().__init__(path, delay=True)
        self._path, self._max_bytes, self._max_backups = Path(path), max_bytes, max_backups

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self._max_bytes and self.stream is not None and self.stream.tell() >= self._max_bytes:
            try:
                self._rotate()
            except OSError:  # the log goes on in the file that is there
                self.handleError(record)

    def _rotate(self) -> None:
        with open(f"{self._path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.stat().st_size < self._max_bytes:
                return  # another process was faster
            for number in range(self._max_backups - 1, 0, -1):
                if self._numbered(number).exists():
                    os.replace(self._numbered(number), self._numbered(number + 1))
            if self._max_backups:
                os.replace(self._path, self._numbered(1))
            else:
                os.truncate(self._path, 0)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
