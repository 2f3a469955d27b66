"""Request bodies: kept whole while they are small, else by their two ends and a digest."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from typing import Any

import orjson
import zstandard

# Larger bodies are never held: a 50 MB upload must not cost the test that sends it 50 MB more.
KEPT_WHOLE_BYTES = 8 * 1024 * 1024
KEPT_START_BYTES = 256 * 1024
KEPT_END_BYTES = 64 * 1024

SALVAGED_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"')
SALVAGED_STREAM = re.compile(rb'"stream"\s*:\s*true')


class Body:
    __slots__ = ("_digest", "_end", "_parts", "_start", "size")

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []
        self._digest: Any = None
        self._start = self._end = b""

    def append(self, data: bytes) -> None:
        self.size += len(data)
        if self._digest is not None:
            self._digest.update(data)
            self._end = (self._end + data)[-KEPT_END_BYTES:]
            return
        self._parts.append(data)
        if self.size > KEPT_WHOLE_BYTES:
            self._let_go()

    def _let_go(self) -> None:
        whole = b"".join(self._parts)
        self._parts = []
        self._digest = hashlib.sha256(whole)
        self._start, self._end = whole[:KEPT_START_BYTES], whole[-KEPT_END_BYTES:]

    @property
    def is_whole(self) -> bool:
        return self._digest is None

    @property
    def content(self) -> bytes:
        """All of it, or its start and its end."""
        if self._digest is not None:
            return self._start + self._end
        if len(self._parts) > 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0] if self._parts else b""

    @property
    def sha256(self) -> str:
        digest = self._digest or hashlib.sha256(self.content)
        return digest.hexdigest()


def decode(content: bytes, encoding: str) -> bytes:
    """The body without its content-encoding; as it is when it cannot be decoded."""
    try:
        if encoding in ("gzip", "x-gzip"):
            return gzip.decompress(content)
        if encoding == "deflate":
            return zlib.decompress(content)
        if encoding == "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError):
        return content
    return content


def read_json(content: bytes, is_whole: bool) -> Any:
    """The JSON value; of a body too large to keep, only what the answer depends on. Raises ValueError."""
    if is_whole:
        return orjson.loads(content)
    model = SALVAGED_MODEL.search(content)
    salvaged: dict[str, Any] = {"stream": bool(SALVAGED_STREAM.search(content))}
    if model:
        salvaged["model"] = model[1].decode()
    return salvaged
