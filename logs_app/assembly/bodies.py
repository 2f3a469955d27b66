"""One body of an exchange: unpacked from its content-encoding, and kept whole, or at both ends."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import zstandard

ENDS_BYTES = 64 * 1024
# More is not unpacked of one body: a few bytes must not keep the recorder busy for hours.
UNPACKED_BYTES = 128 << 20
PIECE_BYTES = 1 << 20
# Encodings that are undone before a body is stored.
UNPACKED = frozenset({"gzip", "x-gzip", "deflate", "zstd"})

Unpack = Callable[[bytes], Iterator[bytes]]


class Body:
    def __init__(self, limit: int, encoding: str = "") -> None:
        self.wire_bytes = 0  # as it travelled
        self.size = 0  # unpacked
        self.error = ""
        self._limit = limit
        self._ends = min(ENDS_BYTES, limit // 2)
        self._pieces: list[bytes] = []
        self._head = self._tail = b""
        self._digest: Any = None
        self._unpack = _unpacker(encoding)
        self.is_packed = self._unpack is None and encoding not in ("", "identity")

    def add(self, data: bytes) -> bytes:
        """The unpacked bytes."""
        self.wire_bytes += len(data)
        if self._unpack is None:
            self._keep(data)
            return data
        return b"".join(self._unpacked(data))

    @property
    def content(self) -> bytes:
        """The whole body, or its two ends when it was cut."""
        return b"".join(self._pieces) if self._digest is None else self._head + self._tail

    @property
    def cut(self) -> dict[str, Any] | None:
        """What is known of a body that is not kept whole; `head` is the length of its first end."""
        if self._digest is None:
            return None
        return {"size": self.size, "sha256": self._digest.hexdigest(), "head": len(self._head)}

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        if self.error or self._unpack is None:
            return
        try:
            for piece in self._unpack(data):
                self._keep(piece)
                yield piece
                if self.size > UNPACKED_BYTES:
                    self.error = f"more than {UNPACKED_BYTES >> 20} MB when unpacked"
                    return
        except (zlib.error, zstandard.ZstdError, ValueError) as error:
            self.error = f"its content-encoding is damaged ({error})"

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self._digest is not None:
            self._digest.update(data)
            self._tail = (self._tail + data)[-self._ends :] if self._ends else b""
            return
        self._pieces.append(data)
        if self.size > self._limit:
            whole = b"".join(self._pieces)
            self._pieces.clear()
            self._digest = hashlib.sha256(whole)
            self._head = whole[: self._ends]
            self._tail = whole[len(whole) - self._ends :]


def _unpacker(encoding: str) -> Unpack | None:
    """None for what is not packed, and for what we cannot unpack."""
    if encoding not in UNPACKED:
        return None
    return _Zstd() if encoding == "zstd" else _Zlib()


class _Zlib:
    def __init__(self) -> None:
        self._inflate: Any = None

    def __call__(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate is None:
                # gzip or zlib by its first byte, else the bare deflate that some servers send.
                self._inflate = zlib.decompressobj(47 if data[:1] in (b"\x1f", b"\x78") else -15)
            yield self._inflate.decompress(data, PIECE_BYTES)
            data = self._inflate.unconsumed_tail
            if self._inflate.eof:
                data, self._inflate = self._inflate.unused_data, None


class _Zstd:
    """In slices, because its output cannot be limited: a slice of 1 KB is at most some 30 MB."""

    def __init__(self) -> None:
        self._decompress = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress

    def __call__(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), 1024):
            yield self._decompress(data[start : start + 1024])
