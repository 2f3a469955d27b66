"""When what is broken. What ends processes comes in the first quarter, so that the rest is long enough to see
whether memory grows; what disturbs without ending them comes again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

ENDING = ("kill worker", "kill recorder", "kill console", "kill dispatchers", "reload")
DISTURBING = (
    "provider refuses",
    "configuration changes",
    "provider stops",
    "key rotates",
    "database away",
    "key revoked",
)
ALL = (*ENDING, *DISTURBING)
FIRST, ENDING_UNTIL, LAST = 0.04, 0.25, 0.96
ROUND_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Entry:
    at: float
    """Seconds after the traffic began."""
    fault: str


def plan(seconds: float, chosen: tuple[str, ...] = ALL) -> list[Entry]:
    ending = [name for name in ENDING if name in chosen]
    disturbing = [name for name in DISTURBING if name in chosen]
    rounds = max(1, round(seconds * (LAST - ENDING_UNTIL) / ROUND_SECONDS))
    entries = _spread(ending, seconds * FIRST, seconds * ENDING_UNTIL)
    entries += _spread(disturbing * rounds, seconds * ENDING_UNTIL, seconds * LAST)
    return entries


def _spread(names: list[str], begin: float, end: float) -> list[Entry]:
    step = (end - begin) / max(1, len(names))
    return [Entry(begin + number * step, name) for number, name in enumerate(names)]
