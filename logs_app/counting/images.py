"""Tokens of an image in a prompt, by OpenAI's published rules; its size is read from the data, never fetched.

The constants of gpt-4o-mini, the o series and gpt-5 are not verified against bills, and formulas drift.
"""

from __future__ import annotations

import base64
import math
import re
from typing import Any

from .imagesize import size_of

# Most photographs that are sent by address: the size is not known, and an address is never fetched.
UNKNOWN_SIZE = (1024, 1024)
# As much of the data as is decoded to find the size: a JPEG may have a large preview before it.
HEAD_CHARS = 256 * 1024

# model → (base, per tile of 512 × 512)
TILES: tuple[tuple[str, tuple[int, int]], ...] = (
    ("gpt-4o-mini", (2833, 5667)),
    ("gpt-5", (70, 140)),
    ("o1", (75, 150)),
    ("o3", (75, 150)),
)
OTHER_TILES = (85, 170)
# model → factor per patch of 32 × 32
PATCHES: tuple[tuple[str, float], ...] = (
    ("gpt-4.1-mini", 1.62),
    ("gpt-4.1-nano", 2.46),
    ("o4-mini", 1.72),
    ("gpt-5-mini", 1.62),
    ("gpt-5-nano", 2.46),
)
MOST_PATCHES = 1536
ANTHROPIC_PIXELS_PER_TOKEN = 750

DATA_URL = re.compile(r"data:[^,;]*(?:;[^,;]*)*;base64,", re.ASCII)


def tokens(source: Any, detail: Any, model: str | None) -> int:
    """`source` is an address or a data URL."""
    bare = (model or "").rpartition("/")[2].removeprefix("ft:")
    size = _size(source)
    for prefix, factor in PATCHES:
        if bare.startswith(prefix):
            return _patches(size, factor)
    base, per_tile = next((rule for prefix, rule in TILES if bare.startswith(prefix)), OTHER_TILES)
    return base if detail == "low" else base + per_tile * _tile_count(size)


def tokens_by_pixels(data: Any) -> int:
    """Anthropic: width × height / 750, after the image was made to fit 1568 × 1568."""
    width, height = _size(data)
    scale = min(1.0, 1568 / max(width, height))
    return math.ceil(width * scale * height * scale / ANTHROPIC_PIXELS_PER_TOKEN)


def _size(source: Any) -> tuple[int, int]:
    if type(source) is not str:
        return UNKNOWN_SIZE
    match = DATA_URL.match(source, 0, 200)
    start = match.end() if match else 0
    if not match and "://" in source[:16]:
        return UNKNOWN_SIZE
    head = source[start : start + HEAD_CHARS]
    try:
        raw = base64.b64decode(head[: len(head) // 4 * 4])
    except ValueError:
        return UNKNOWN_SIZE
    return size_of(raw) or UNKNOWN_SIZE


def _tile_count(size: tuple[int, int]) -> int:
    """First to fit 2048 × 2048, then the shorter side to 768."""
    width, height = size
    scale = min(1.0, 2048 / max(width, height))
    scale *= min(1.0, 768 / (min(width, height) * scale))
    return math.ceil(round(width * scale, 3) / 512) * math.ceil(round(height * scale, 3) / 512)


def _patches(size: tuple[int, int], factor: float) -> int:
    width, height = size
    count = math.ceil(width / 32) * math.ceil(height / 32)
    return math.ceil(min(count, MOST_PATCHES) * factor)
