"""What the relay itself complained about, and whether a fault explains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import orjson

from bench.soak.faults import Window

SERIOUS = ("error", "critical")
# A complaint may come after what it is about is over.
AFTER_SECONDS = 10.0


def is_explained(moment: float, windows: Sequence[Window]) -> bool:
    return any(window.began - 1 <= moment <= window.until + AFTER_SECONDS for window in windows)


def complaints(lines: Iterable[str], windows: Sequence[Window]) -> list[str]:
    """The serious ones that no fault explains; a line that is none of the relay's own is serious too."""
    found = []
    for line in lines:
        try:
            entry = orjson.loads(line)
            moment = datetime.fromisoformat(entry["time"]).timestamp()
        except (orjson.JSONDecodeError, KeyError, TypeError):
            found.append(line.rstrip())
            continue
        if entry["level"] in SERIOUS and not is_explained(moment, windows):
            found.append(f"{entry['time']} {entry['logger']}: {entry['message']}")
    return found
