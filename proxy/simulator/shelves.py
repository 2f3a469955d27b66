"""What the simulator keeps between requests: files, responses, batches… bounded, in memory."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")

LONGEST_SHELF = 500


class Shelf(Generic[Thing]):
    """Things by id, newest last; the oldest falls off."""

    def __init__(self, longest: int = LONGEST_SHELF) -> None:
        self._things: dict[str, Thing] = {}
        self._longest = longest

    def put(self, key: str, thing: Thing) -> Thing:
        self._things[key] = thing
        if len(self._things) > self._longest:
            del self._things[next(iter(self._things))]
        return thing

    def get(self, key: str) -> Thing | None:
        return self._things.get(key)

    def remove(self, key: str) -> Thing | None:
        return self._things.pop(key, None)

    def newest(self) -> list[Thing]:
        return list(reversed(self._things.values()))


class Shelves:
    def __init__(self, seed: int = 0) -> None:
        self.seed = seed & 0xFFFF_FFFF
        self.completions: Shelf[dict[str, Any]] = Shelf()
        self.responses: Shelf[Any] = Shelf()
        self.conversations: Shelf[dict[str, Any]] = Shelf()
        self.files: Shelf[dict[str, Any]] = Shelf()
        # Contents are the heavy part: 32 of at most 8 MB.
        self.contents: Shelf[bytes] = Shelf(32)
        self.uploads: Shelf[dict[str, Any]] = Shelf()
        self.batches: Shelf[dict[str, Any]] = Shelf()
