"""How values look on a page of the admin."""

from __future__ import annotations

EMPTY = "–"


def duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return EMPTY
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"
