"""Reading segments: entry by entry from a position, while they are still being written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag

from accounts import filelock
from accounts.secrets.sealing import TAG_BYTES
from logs_app.journal import segments
from logs_app.journal.segments import ENTRY, LENGTH, MAX_ENTRY_BYTES, NONCE

CHUNK_BYTES = 1 << 20
SMALLEST_ENTRY = ENTRY.size + TAG_BYTES

# kind, exchange id, offset_us, payload, and where the entry lies in its file
Entry = tuple[int, bytes, int, bytes, int]


class SegmentReader:
    """`position` is where the next unread entry begins; setting it back reads again."""

    __slots__ = ("_decrypt", "damaged_entries", "fd", "name", "node", "path", "position", "start")

    def __init__(self, path: Path, masters: segments.MasterKeys) -> None:
        """Raises segments.Unreadable, or FileNotFoundError when a rival has let the file go."""
        self.path, self.name = path, path.name
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.node, cipher, self.start = segments.read_header(self.fd, masters)
        except BaseException:
            os.close(self.fd)
            raise
        self._decrypt = cipher.decrypt
        self.position = self.start
        self.damaged_entries = 0

    @property
    def is_locked(self) -> bool:
        """Its writer lives. Ask before you read: what an unlocked one holds is all there will be."""
        return filelock.is_held(self.fd)

    @property
    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def close(self) -> None:
        os.close(self.fd)

    def entries(self, end: int | None = None) -> Iterator[Entry]:
        """Whole entries up to `end`, or to one that is not all there yet (or never will be: its writer died).

        An entry that does not decrypt is counted and skipped.
        """
        while True:
            chunk, base = self._chunk(), self.position
            if end is not None and base + len(chunk) > end:
                chunk = chunk[: end - base]
            if len(chunk) <= LENGTH.size:
                return
            yield from self._parse(chunk, base)
            if self.position == base:
                return

    def at(self, offset: int) -> Entry:
        """The entry that begins there. Raises LookupError when it is not to be read."""
        (length,) = LENGTH.unpack(self._pread(LENGTH.size, offset))
        try:
            plain = self._decrypt(NONCE.pack(offset), self._pread(length, offset + LENGTH.size), None)
        except InvalidTag:
            raise LookupError(f"{self.name} is damaged at {offset}") from None
        return *ENTRY.unpack_from(plain), plain[ENTRY.size :], offset

    def _chunk(self) -> bytes:
        """From the position on; at least the next entry as a whole if it is there."""
        try:
            chunk = os.pread(self.fd, CHUNK_BYTES, self.position)
            if len(chunk) < LENGTH.size:
                return chunk
            (length,) = LENGTH.unpack_from(chunk)
            if length > MAX_ENTRY_BYTES or length < SMALLEST_ENTRY:
                raise segments.Unreadable(f"it is damaged at {self.position}")
            if length + LENGTH.size > len(chunk) == CHUNK_BYTES:
                chunk = os.pread(self.fd, length + LENGTH.size, self.position)
            return chunk
        except OSError as error:
            raise segments.Unreadable(f"it cannot be read at {self.position} ({error.strerror})") from error

    def _parse(self, chunk: bytes, base: int) -> Iterator[Entry]:
        decrypt, size, view = self._decrypt, len(chunk), memoryview(chunk)
        begin = 0
        while begin + LENGTH.size <= size:
            (length,) = LENGTH.unpack_from(chunk, begin)
            end = begin + LENGTH.size + length
            if end > size or length < SMALLEST_ENTRY:
                return
            offset = base + begin
            self.position, begin = base + end, end
            try:
                plain = decrypt(NONCE.pack(offset), view[end - length : end], None)
            except InvalidTag:
                self.damaged_entries += 1
                continue
            yield *ENTRY.unpack_from(plain), plain[ENTRY.size :], offset

    def _pread(self, size: int, offset: int) -> bytes:
        try:
            data = os.pread(self.fd, size, offset)
        except OSError as error:
            raise LookupError(f"{self.name} cannot be read at {offset} ({error.strerror})") from error
        if len(data) < size:
            raise LookupError(f"{self.name} ends before {offset + size}")
        return data
