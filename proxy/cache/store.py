"""What the two stores have in common, and what is counted of both.

memory     of this process: bounded by bytes, shared fairly among whoever's answers they are
redis      of all processes and machines, encrypted there
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

from .entry import Entry
from .keys import Key
from .purge import Purge

# Answers under one key: of several providers, languages, forms. The oldest goes first.
MOST_VARIANTS = 8


class Found(NamedTuple):
    """The newest first; some of it may be stale. `mark` is for what is asked for now (`Entry.mark`)."""

    entries: Sequence[Entry] = ()
    mark: int = 0


class Store(Protocol):
    """None of these raises: a cache that is away is a miss."""

    @property
    def is_away(self) -> bool:
        """Whether the last thing that was asked of it had no answer."""

    async def find(self, key: Key) -> Found:
        """All that is kept under a key."""

    def put(self, key: Key, entry: Entry) -> Coroutine[Any, Any, None] | None:
        """Done at once, or what is still to be awaited."""

    def forget(self, purge: Purge) -> int:
        """What this process holds itself; the number of answers."""

    def invalidate(self, resources: Collection[str]) -> Coroutine[Any, Any, None] | None:
        """Nothing that was asked for before is given again; done at once, or what is still to be awaited."""

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Counters:
    """Of one process since it began, for whoever collects them."""

    hits: int = 0  # collapsed ones, and those that the provider confirmed or could not answer, are among them
    misses: int = 0
    bypassed: int = 0
    stored: int = 0
    collapsed: int = 0
    revalidated: int = 0
    stale: int = 0
    evicted: int = 0
    expired: int = 0
    purged: int = 0
    invalidated: int = 0  # found to be untrue, since a call changed what they tell of
    failures: int = 0  # of the store: Redis away, an answer that cannot be read
    entries: int = 0
    bytes: int = 0

    def as_dict(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def with_variant(entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    others = [other for other in entries if other.selector != entry.selector]
    return [entry, *others][:MOST_VARIANTS]
