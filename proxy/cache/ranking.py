"""Keys in the order of a number that changes: a heap that forgets lazily. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_SLACK = 64


class Ranking(Generic[K]):
    """The lowest first. It grows to twice what it holds at most."""

    def __init__(self) -> None:
        self._ranks: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._number = 0  # so that keys are never compared

    def __len__(self) -> int:
        return len(self._ranks)

    def set(self, key: K, rank: float) -> None:
        self._ranks[key] = rank
        self._number += 1
        heapq.heappush(self._heap, (rank, self._number, key))
        if len(self._heap) > 2 * len(self._ranks) + _SLACK:
            self._heap = [(rank, number, key) for number, (key, rank) in enumerate(self._ranks.items())]
            self._number = len(self._heap)
            heapq.heapify(self._heap)

    def remove(self, key: K) -> None:
        self._ranks.pop(key, None)

    def lowest(self) -> tuple[float, K] | None:
        while self._heap:
            rank, _, key = self._heap[0]
            if self._ranks.get(key) == rank:
                return rank, key
            heapq.heappop(self._heap)
        return None
