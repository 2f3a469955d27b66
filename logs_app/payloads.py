"""How bodies and headers lie in `LogPayload`: zstd frames of bytes as they were.

What is small is compressed with a dictionary of what such exchanges have in common (35 % less of an ordinary
one, measured on recorded exchanges; higher levels of compression gain next to nothing). A frame names its
dictionary, so those made without one are read as well. `bench/dictionary.py` has made it; one that was ever
used must stay.
"""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zstandard

from logs_app.jsontext import dumps, loads

LEVEL = 3
SMALL_BYTES = 64 * 1024
DICTIONARY = zstandard.ZstdCompressionDict((Path(__file__).parent / "dictionaries" / "1.zdict").read_bytes())


class _Codec(threading.local):
    """One for each thread: these objects can do one thing at a time."""

    def __init__(self) -> None:
        self.compress_small = zstandard.ZstdCompressor(level=LEVEL, dict_data=DICTIONARY).compress
        self.compress_large = zstandard.ZstdCompressor(level=LEVEL).compress
        self.decompress = zstandard.ZstdDecompressor(dict_data=DICTIONARY).decompress


_codec = _Codec()


def pack(data: bytes) -> bytes | None:
    if not data:
        return None
    return _codec.compress_small(data) if len(data) <= SMALL_BYTES else _codec.compress_large(data)


def unpack(stored: bytes | memoryview | None) -> bytes:
    return _codec.decompress(stored) if stored else b""


def pack_json(value: Any) -> bytes | None:
    return pack(dumps(value)) if value else None


def unpack_json(stored: bytes | memoryview | None) -> Any:
    return loads(unpack(stored)) if stored else None


def pack_timings(timings: Sequence[tuple[int, int]]) -> bytes | None:
    """Pairs of offset (us) and size (bytes), as u32 little-endian pairs of distance to the last and size."""
    numbers, last = array("I"), 0
    for offset_us, size in timings:
        numbers.append(min(max(offset_us - last, 0), 0xFFFFFFFF))
        numbers.append(size)
        last = offset_us
    if sys.byteorder == "big":
        numbers.byteswap()
    return pack(numbers.tobytes())


def unpack_timings(stored: bytes | memoryview | None) -> list[tuple[int, int]]:
    numbers, timings, last = array("I", unpack(stored)), [], 0
    if sys.byteorder == "big":
        numbers.byteswap()
    for index in range(0, len(numbers), 2):
        last += numbers[index]
        timings.append((last, numbers[index + 1]))
    return timings
