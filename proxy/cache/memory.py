"""Answers in the memory of one process, never more of them than so many bytes.

Whoever fills it pays for it: what goes to make room is the answer that was longest unused of the scope (a
project, as a rule) that holds the most. So a tenant who asks a million different things loses answers of its
own and nobody else's.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from .entry import Entry
from .keys import Key
from .marks import Marks
from .purge import Purge
from .ranking import Ranking
from .store import Counters, Found, with_variant

_MOST_EXPIRED_AT_ONCE = 100


@dataclass(slots=True)
class _Share:
    """What one scope holds, the longest unused first."""

    entries: OrderedDict[str, list[Entry]] = field(default_factory=OrderedDict)
    bytes: int = 0


class MemoryStore:
    def __init__(
        self,
        limit_bytes: int,
        counters: Counters | None = None,
        clock: Callable[[], float] = time.time,
        marks: Marks | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self.is_away = False
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._marks = marks or Marks()
        self._shares: dict[str, _Share] = {}
        self._by_size: Ranking[str] = Ranking()  # scopes, the largest first
        self._by_end: Ranking[Key] = Ranking()

    async def find(self, key: Key) -> Found:
        mark = self._marks.of(key.resource)
        share = self._shares.get(key.scope)
        found = share.entries.get(key.digest) if share else None
        if share is None or found is None:
            return Found(mark=mark)
        if found[0].mark != mark:
            self.counters.invalidated += len(found)
            self._set(key, [])
            return Found(mark=mark)
        share.entries.move_to_end(key.digest)
        return Found(found, mark)

    def put(self, key: Key, entry: Entry) -> None:
        self._expire()
        if entry.size_bytes > self._limit_bytes or entry.mark != self._marks.of(key.resource):
            return
        share = self._shares.get(key.scope)
        held = share.entries.get(key.digest, ()) if share else ()
        self._set(key, with_variant([other for other in held if other.mark == entry.mark], entry))
        while self.counters.bytes > self._limit_bytes:
            self._evict()

    def forget(self, purge: Purge) -> int:
        gone = 0
        for scope, share in list(self._shares.items()):
            for digest, held in list(share.entries.items()):
                kept = [entry for entry in held if not purge.fits(entry.label)]
                if len(kept) < len(held):
                    gone += len(held) - len(kept)
                    self._set(Key(scope, digest), kept)
        self.counters.purged += gone
        return gone

    def invalidate(self, resources: Collection[str]) -> None:
        for resource in resources:
            self._marks.move(resource)

    async def aclose(self) -> None:
        self._shares.clear()
        self._marks.close()

    def _set(self, key: Key, entries: list[Entry]) -> None:
        """The one place that changes what is held, and all that is counted of it."""
        share = self._shares.setdefault(key.scope, _Share())
        before = share.entries.pop(key.digest, [])
        change = sum(e.size_bytes for e in entries) - sum(e.size_bytes for e in before)
        share.bytes += change
        self.counters.bytes += change
        self.counters.entries += len(entries) - len(before)
        if entries:
            share.entries[key.digest] = entries
            self._by_end.set(key, max(entry.kept_until for entry in entries))
        else:
            self._by_end.remove(key)
        if share.entries:
            self._by_size.set(key.scope, -share.bytes)
        else:
            del self._shares[key.scope]
            self._by_size.remove(key.scope)

    def _evict(self) -> None:
        largest = self._by_size.lowest()
        assert largest is not None  # there are bytes, so somebody holds them
        _, scope = largest
        digest, held = next(iter(self._shares[scope].entries.items()))
        self.counters.evicted += len(held)
        self._set(Key(scope, digest), [])

    def _expire(self) -> None:
        now = self._clock()
        for _ in range(_MOST_EXPIRED_AT_ONCE):
            first = self._by_end.lowest()
            if first is None or first[0] > now:
                return
            share = self._shares[first[1].scope]
            self.counters.expired += len(share.entries[first[1].digest])
            self._set(first[1], [])
