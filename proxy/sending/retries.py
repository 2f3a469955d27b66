"""What the end of one try means for the next: again here, with another provider, or no more.

            again at the same provider        with another provider
NotSent     yes                               yes
MaybeSent   no: it may have been done         FAILOVER_MAYBE_SENT
MidStream   no                                FAILOVER_MAYBE_SENT, while nothing has reached the client
408 429     yes                               yes
409         yes                               no: it speaks of this request
402         no                                yes: the account is empty
5xx         yes, but for 501                  yes
other 4xx   no                                no: the caller's fault there too
"""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

from ..headers import first

FIRST_WAIT_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8.0
# Who asks for more patience than this is asked again by the caller, or not at all.
LONGEST_WAIT_SECONDS = 10.0
_JITTER = 0.25
_NOT_IMPLEMENTED = 501


def repeats(status: int) -> bool:
    """Whether the same provider may be asked again after this status."""
    return status in (408, 409, 429) or (status >= 500 and status != _NOT_IMPLEMENTED)


def moves_on(status: int) -> bool:
    """Whether another provider may do better."""
    return status in (402, 408, 429) or status >= 500


def forbids_repeat(headers: list[tuple[bytes, bytes]]) -> bool:
    return first(headers, b"x-should-retry") == b"false"


def retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    """Seconds the provider asks us to wait; None when it does not say."""
    if milliseconds := _number(first(headers, b"retry-after-ms")):
        return milliseconds / 1000
    given = first(headers, b"retry-after")
    seconds = _number(given)
    return seconds if seconds is not None or not given else _until(given)


def wait(count: int, asked_seconds: float | None) -> float | None:
    """Seconds before repeat number `count` (from 0); None when the provider asks for too many."""
    if asked_seconds is not None:
        return max(asked_seconds, 0.0) if asked_seconds <= LONGEST_WAIT_SECONDS else None
    backoff: float = min(FIRST_WAIT_SECONDS * 2**count, LONGEST_BACKOFF_SECONDS)
    return backoff * (1 - _JITTER * random.random())


def _number(value: bytes) -> float | None:
    text = value.decode("latin-1").strip()
    return float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else None


def _until(date: bytes) -> float | None:
    try:
        return parsedate_to_datetime(date.decode("latin-1")).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
