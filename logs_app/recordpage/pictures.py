"""Files of a conversation as bytes that a browser may be given: what they are is told by how they begin.

Whoever wrote the conversation names the type as well, and may lie; only these types are shown, and anything
else, pages and SVG above all, is a file to save.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import NamedTuple

from logs_app.conversation.turns import Media

SAVED = "application/octet-stream"
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS = {b"avif": "image/avif", b"M4A ": "audio/mp4", b"mp42": "audio/mp4", b"isom": "audio/mp4"}
# What speech models make without a head: 16 bit, one channel.
PCM_HERTZ = 24_000
PCM_TYPES = frozenset({"audio/pcm", "audio/pcm16", "audio/l16"})


class File(NamedTuple):
    content: bytes
    content_type: str

    @property
    def is_shown(self) -> bool:
        return self.content_type != SAVED


def of(media: Media) -> File | None:
    """None for what is not here, or cannot be read."""
    content = media.content or decoded(media.data)
    if not content:
        return None
    content_type = sniffed(content)
    if content_type == SAVED and media.content_type.partition(";")[0] in PCM_TYPES:
        return File(_with_head(content), "audio/wav")
    return File(content, content_type)


def kind_of(media: Media) -> str:
    """image, audio or file: how it is shown. A few bytes tell."""
    start = media.content[:64] or decoded(media.data[:64])
    form = sniffed(start).partition("/")[0] if start else ""
    if form in ("image", "audio"):
        return form
    return "audio" if media.content_type.partition(";")[0] in PCM_TYPES else "file"


def sniffed(content: bytes) -> str:
    for start, content_type in _STARTS:
        if content.startswith(start):
            return content_type
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], SAVED)
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], SAVED)
    is_frame_of_mpeg = len(content) > 2 and content[0] == 0xFF and content[1] & 0xE6 in (0xE2, 0xE0 | 0x2)
    return "audio/mpeg" if is_frame_of_mpeg else SAVED


def decoded(data: str) -> bytes:
    """Lenient as browsers are: padding may be missing, letters may be those for addresses."""
    text = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _with_head(content: bytes) -> bytes:
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(content),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        PCM_HERTZ,
        PCM_HERTZ * 2,
        2,
        16,
        b"data",
        len(content),
    )
    return head + content
