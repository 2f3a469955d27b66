"""One process's segments: appending, rotating, syncing, and what happens when the disk refuses.

Failure policy: an append never raises. What a failed write left is truncated back and a reserve file is given
up, so that metadata finds room; bodies are refused until the reserve could be laid in again; metadata that
still finds no room waits in memory, bounded, until the disk recovers. Whatever is lost is counted.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
import weakref
from collections import deque
from pathlib import Path

from logs_app.journal import segments

METADATA_ONLY_SECONDS = 5.0
RETRY_SECONDS = 1.0
RESERVE_BYTES = 1 << 20
WAITING_BYTES = 8 << 20
TICK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Spool:
    def __init__(
        self,
        directory: Path,
        node: str,
        masters: segments.MasterKeys,
        *,
        sync_seconds: float,
        rotate_bytes: int,
        rotate_seconds: float,
    ) -> None:
        """Raises OSError when the directory cannot be used: who can never record must not start so."""
        self._directory, self._node, self._masters = directory, node, masters
        self._sync_seconds, self._rotate_bytes, self._rotate_seconds = (
            sync_seconds,
            rotate_bytes,
            rotate_seconds,
        )
        self.appended_bytes = self.dropped_entries = 0
        self._writer: segments.Writer | None = None
        self._retired: list[segments.Writer] = []
        self._begin_life()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._rotate()
            self._lay_in_reserve()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            self._fail(error)
        os.register_at_fork(after_in_child=_unless_collected(self, "_begin_life"))

    def append(self, entry: bytes, *, is_body: bool = False) -> bool:
        """True when the entry is on disk, or is metadata that waits for the disk. False when it is lost."""
        with self._lock:
            if not self.is_failing:
                try:
                    self._write(entry)
                    return True
                except OSError as error:
                    self._fail(error)
            return not is_body and self._append_in_trouble(entry)

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        with self._lock:
            if self._waiting:
                self._write_waiting()
            last = [*self._retired, *([self._writer] if self._writer else [])]
            self._retired, self._writer = [], None
        self._let_go(last)
        self._reserve.unlink(missing_ok=True)

    def _begin_life(self) -> None:
        """Also in a forked child, which lets go of the lock that tells whether its parent lives."""
        for writer in filter(None, (*self._retired, self._writer)):
            writer.close()
        self._life, self._number = segments.new_life(), 0
        self._writer, self._retired = None, []
        self._reserve = self._directory / f".{self._life}.reserve"
        self.is_failing = False
        self._is_writer_usable = False
        self._retry_at = self._metadata_only_until = 0.0
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._synced_offset = 0
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def _write(self, entry: bytes) -> None:
        writer = self._writer
        if writer is None or writer.offset >= self._rotate_bytes:
            writer = self._rotate()
        writer.append(entry)
        self.appended_bytes += len(entry)

    def _rotate(self) -> segments.Writer:
        """The next is there before the last is let go: a newest segment without a lock means death."""
        name = segments.segment_name(self._life, self._number)
        writer = segments.Writer(self._directory, name, self._node, self._masters)
        self._number += 1
        if self._writer is not None:
            self._retired.append(self._writer)
        self._writer, self._is_writer_usable = writer, True
        self._synced_offset = 0
        self._rotate_at = time.monotonic() + self._rotate_seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()
        return writer

    # Trouble

    def _fail(self, error: OSError) -> None:
        now = time.monotonic()
        self._metadata_only_until = now + METADATA_ONLY_SECONDS
        if self._writer is not None and self._is_writer_usable:
            with contextlib.suppress(
                OSError
            ):  # then the torn entry is the last of its segment, and is skipped there
                self._writer.truncate()
        self._is_writer_usable = False
        if self.is_failing:
            self._retry_at = now + RETRY_SECONDS
            return
        log.error("The journal cannot write (%s); bodies are not recorded until it can.", error)
        self.is_failing = True
        self._reserve.unlink(missing_ok=True)

    def _append_in_trouble(self, entry: bytes) -> bool:
        if self._waiting_bytes + len(entry) > WAITING_BYTES:
            self.dropped_entries += 1
            return False
        self._waiting.append(entry)
        self._waiting_bytes += len(entry)
        if time.monotonic() >= self._retry_at:
            self._write_waiting()
        return True

    def _write_waiting(self) -> bool:
        try:
            if not self._is_writer_usable:
                self._rotate()
            while self._waiting:
                self._write(self._waiting[0])
                self._waiting_bytes -= len(self._waiting.popleft())
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _recover(self) -> None:
        """Bodies are taken again once the metadata is written and the disk has room for the reserve."""
        if time.monotonic() < self._metadata_only_until or not self._write_waiting():
            return
        try:
            self._lay_in_reserve()
        except OSError as error:
            self._fail(error)
        else:
            self.is_failing = False
            log.warning("The journal can write again.")

    def _lay_in_reserve(self) -> None:
        fd = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, RESERVE_BYTES)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)

    # In the background thread

    def _run(self) -> None:
        pause = min(self._sync_seconds or TICK_SECONDS, TICK_SECONDS)
        sync_at = time.monotonic()
        while not self._stopping.wait(pause):
            with self._lock:
                self._turn_over()
                retired, self._retired = self._retired, []
            self._let_go(retired)
            if self._sync_seconds and time.monotonic() >= sync_at:
                self._sync_newest()
                sync_at = time.monotonic() + self._sync_seconds

    def _turn_over(self) -> None:
        """An idle process has an empty newest segment, so that the recorder can let the consumed ones go."""
        if self.is_failing:
            self._recover()
        elif (
            self._writer and self._writer.offset > self._writer.start and time.monotonic() >= self._rotate_at
        ):
            try:
                self._rotate()
            except OSError as error:
                self._fail(error)

    def _let_go(self, writers: list[segments.Writer]) -> None:
        for writer in writers:
            if self._sync_seconds:
                self._sync(writer)
            writer.close()

    def _sync_newest(self) -> None:
        """Without the lock: only this thread closes segments, so the file stays open meanwhile."""
        writer = self._writer
        if writer is not None and writer.offset != self._synced_offset:
            offset = writer.offset
            self._sync(writer)
            self._synced_offset = offset

    def _sync(self, writer: segments.Writer) -> None:
        try:
            writer.sync()
            segments.sync_directory(self._directory)
        except OSError as error:
            log.error("The journal could not be synced (%s); a power loss now may lose records.", error)


def _unless_collected(spool: Spool, method: str):  # noqa: ANN202
    """A fork hook lives as long as the process; it must not keep its spool alive."""
    reference = weakref.ref(spool)

    def call() -> None:
        alive = reference()
        if alive is not None:
            getattr(alive, method)()

    return call
