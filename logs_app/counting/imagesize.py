"""Width and height of an image, from the first bytes of its file."""

from __future__ import annotations

import struct

# JPEG: the start-of-frame markers; C4, C8 and CC in the same range are tables.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def size_of(head: bytes) -> tuple[int, int] | None:
    try:
        size = _read(head)
    except (struct.error, IndexError):
        return None
    return size if size and min(size) > 0 else None


def _read(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(head)
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 4 <= len(head) and head[position] == 0xFF:
        marker = head[position + 1]
        if marker == 0xFF:  # padding
            position += 1
        elif marker in ALONE:
            position += 2
        elif marker in FRAMES:
            height, width = struct.unpack_from(">HH", head, position + 5)
            return width, height
        else:
            position += 2 + struct.unpack_from(">H", head, position + 2)[0]
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width, wide, height, high = struct.unpack_from("<HBHB", head, 24)
        return width + (wide << 16) + 1, height + (high << 16) + 1
    return None
