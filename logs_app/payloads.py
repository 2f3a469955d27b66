"""How bodies and headers lie in `LogPayload`: zstd frames of bytes as they were."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Sequence
from typing import Any

import orjson
import zstandard

from logs_app.folding.jsontext import loads

_compress = zstandard.ZstdCompressor(level=3).compress
_decompress = zstandard.ZstdDecompressor().decompress


def pack(data: bytes) -> bytes | None:
    return _compress(data) if data else None


def unpack(stored: bytes | memoryview | None) -> bytes:
    return _decompress(stored) if stored else b""


def dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # lone surrogates, integers over 64 bits
        return json.dumps(value).encode()


def pack_json(value: Any) -> bytes | None:
    return pack(dump(value)) if value else None


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
