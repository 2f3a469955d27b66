"""The provider's own count as it was written: a bill is argued about with the provider's own words."""

from __future__ import annotations

import json
from typing import Any

MARK = b'"usage"'
LONGEST = 16 * 1024
# Bytes between the name and the brace: a colon and some white space.
GAP = 16
# Streams that repeat their usage have the last one last; a few places are enough to look at.
MOST_PLACES = 8

_decode = json.JSONDecoder().raw_decode


def exact(content: bytes, usage: dict[str, Any] | None) -> bytes | None:
    """Its bytes where it last stands in the answer; None where it was put together of parts."""
    if not usage:
        return None
    place = len(content)
    for _ in range(MOST_PLACES):
        place = content.rfind(MARK, 0, place)
        if place < 0:
            return None
        start = content.find(b"{", place + len(MARK), place + len(MARK) + GAP)
        written = _object_at(content, start, usage) if start >= 0 else None
        if written is not None:
            return written
    return None


def _object_at(content: bytes, start: int, usage: dict[str, Any]) -> bytes | None:
    text = content[start : start + LONGEST].decode("utf-8", "surrogateescape")
    try:
        found, end = _decode(text)
    except ValueError:
        return None
    return text[:end].encode("utf-8", "surrogateescape") if found == usage else None
