"""A file of JSON lines, one event each, that is rotated by size. Any number of processes may write to one.

The lock is on the file itself: whoever holds it and finds that the name leads elsewhere by now (another
process rotated it) opens the new one. A line that a crash cut is ended before the next one, and its event
comes again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from logs_app.events import Event
from logs_app.sinks.sink import DELIVERED, Delivery, Sink, SinkError, Target, Unreachable

MAX_BYTES = 100 << 20
MAX_FILES = 10
FSYNC = ("batch", "never")
OPTIONS = {"max_bytes", "max_files", "fsync"}


class FileSink(Sink):
    """Options: `max_bytes` of one file (100 MB), `max_files` (10), both 0 for no limit; `fsync`, `batch` or
    `never`: whether a batch counts as delivered when the disk has it (the default), or the kernel.
    """

    name: ClassVar[str] = "file"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        if not target.endpoint:
            raise SinkError(_("Name the file that the events are appended to."))
        if unknown := sorted(target.options.keys() - OPTIONS):
            raise SinkError(
                _("There is no option %(names)s of a file.") % {"names": ", ".join(unknown)}, "options"
            )
        self.path = Path(os.path.abspath(target.endpoint))
        if self.path.is_dir():
            raise SinkError(_("%(path)s is a folder, not a file.") % {"path": self.path})
        self.max_bytes = _size(target.options, "max_bytes", MAX_BYTES)
        self.max_files = _size(target.options, "max_files", MAX_FILES)
        self.fsync = target.options.get("fsync", FSYNC[0])
        if self.fsync not in FSYNC:
            raise SinkError(_("fsync is one of %(names)s.") % {"names": ", ".join(FSYNC)}, "options")

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        lines = [event.as_json() + b"\n" for event in events]
        try:
            for portion in self._portions(lines):
                self._append(portion)
        except OSError as error:
            raise Unreachable(f"{self.path} cannot be written: {error.strerror}.") from error
        return [DELIVERED] * len(events)

    def _portions(self, lines: list[bytes]) -> list[bytes]:
        """Each is at most as large as a file, unless one event alone is larger."""
        portions = [b""]
        for line in lines:
            if self.max_bytes and portions[-1] and len(portions[-1]) + len(line) > self.max_bytes:
                portions.append(b"")
            portions[-1] += line
        return portions

    def _append(self, portion: bytes) -> None:
        descriptor = self._open_locked()
        try:
            while self._is_full(descriptor, len(portion)):
                self._rotate()
                rotated, descriptor = descriptor, self._open_locked()
                os.close(rotated)
            _write(descriptor, _line_end(descriptor) + portion)
            if self.fsync == "batch":
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)  # and the lock goes

    def _is_full(self, descriptor: int, more: int) -> bool:
        size = os.fstat(descriptor).st_size
        return bool(self.max_bytes and size and size + more > self.max_bytes)

    def _open_locked(self) -> int:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(self.path, descriptor):
                return descriptor
            os.close(descriptor)

    def _rotate(self) -> None:
        """`events.jsonl.1` is the newest of those before. By the holder of the lock."""
        last = self.max_files - 1 if self.max_files else self._count()
        for number in range(last, 0, -1):
            before = self._numbered(number - 1)
            if before.exists():
                before.replace(self._numbered(number))
        if last == 0:
            self.path.unlink()

    def _count(self) -> int:
        number = 1
        while self._numbered(number).exists():
            number += 1
        return number

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path


def _size(options: Any, name: str, default: int) -> int:
    value = options.get(name, default)
    if type(value) is not int or value < 0:
        raise SinkError(_("%(name)s is a whole number, 0 for no limit.") % {"name": name}, "options")
    return value


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _line_end(descriptor: int) -> bytes:
    """What ends a line that was cut."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _write(descriptor: int, data: bytes) -> None:
    """Whole or not at all: half a batch would come again."""
    start = os.fstat(descriptor).st_size
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, start)
        raise
