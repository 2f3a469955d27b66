"""Tokens of sound in a prompt: about ten a second (unverified)."""

from __future__ import annotations

import base64
from typing import Any

TOKENS_PER_SECOND = 10
MP3_BYTES_PER_SECOND = 16_000  # 128 kbit/s


def tokens(sound: Any) -> int:
    data = sound.get("data") if type(sound) is dict else None
    if type(data) is not str:
        return 0
    return round(len(data) * 3 / 4 / _bytes_per_second(data) * TOKENS_PER_SECOND)


def _bytes_per_second(data: str) -> int:
    """A WAV file says it itself."""
    try:
        head = base64.b64decode(data[:64])
    except ValueError:
        return MP3_BYTES_PER_SECOND
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return int.from_bytes(head[28:32], "little") or MP3_BYTES_PER_SECOND
    return MP3_BYTES_PER_SECOND
