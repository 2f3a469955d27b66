"""One limit of one key or project as something to count against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

REQUESTS, TOKENS, STREAMS = range(3)
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
# A window is kept as this many entries. Up to as many requests each has its own, and the window is exact.
SLOTS = 128


class Limits(Protocol):
    """None is unlimited, 0 blocks."""

    @property
    def rate_limit(self) -> int | None: ...
    @property
    def rate_limit_per_minute(self) -> int | None: ...
    @property
    def tokens_per_minute(self) -> int | None: ...
    @property
    def max_concurrent_streams(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Budget:
    """`name` is what it is counted under. The limit is no part of it: changed, it keeps its history."""

    name: str
    owner: str  # for people: "key 'web'"
    unit: int
    limit: int
    window_us: int
    grain_us: int
    high: int  # halves of the name's digest
    low: int  # never 0

    @property
    def sentence(self) -> str:
        if self.unit == STREAMS:
            return f"{self.limit} streams at once"
        unit = "tokens" if self.unit == TOKENS else "requests"
        return f"{self.limit} {unit} per {'second' if self.window_us == SECOND_US else 'minute'}"


def of(name: str, owner: str, limits: Limits) -> tuple[Budget, ...]:
    """Empty when nothing is limited. `name` is unique in the installation: "credential:12"."""
    return tuple(_each(name, owner, limits))


def _each(name: str, owner: str, limits: Limits) -> Iterator[Budget]:
    if limits.rate_limit is not None:
        yield _budget(f"{name}:second", owner, REQUESTS, limits.rate_limit, SECOND_US)
    if limits.rate_limit_per_minute is not None:
        yield _budget(f"{name}:minute", owner, REQUESTS, limits.rate_limit_per_minute, MINUTE_US)
    if limits.tokens_per_minute is not None:
        yield _budget(f"{name}:tokens", owner, TOKENS, limits.tokens_per_minute, MINUTE_US)
    if limits.max_concurrent_streams is not None:
        yield _budget(f"{name}:streams", owner, STREAMS, limits.max_concurrent_streams, 0)


def of_tokens(name: str) -> Budget:
    """To settle what was reserved under this name; its limit does not matter any more."""
    return _budget(name, "", TOKENS, 0, MINUTE_US)


def _budget(name: str, owner: str, unit: int, limit: int, window_us: int) -> Budget:
    digest = blake2b(name.encode(), digest_size=16).digest()
    high, low = int.from_bytes(digest[:8]), int.from_bytes(digest[8:]) or 1
    return Budget(name, owner, unit, limit, window_us, _grain_us(unit, limit, window_us), high, low)


def _grain_us(unit: int, limit: int, window_us: int) -> int:
    """What comes within one grain shares an entry, and leaves the window together with its last.

    So a window never holds more than its limit, and a place may become free one grain late: 8 ms of a
    second, 0.5 s of a minute.
    """
    return 0 if unit == REQUESTS and limit <= SLOTS else window_us // (SLOTS - 1)
