"""Whose turn it is: each provider's share of the calls, by weight.

Pure and without a lock: a process of the lane asks from its one event loop. Each worker counts for itself,
and each is exact, so that over any window n workers together are off by less than n calls; sharing the
count would cost every call a lock for that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

_REMEMBERED_GROUPS = 1024  # of providers that share a model

Ids = tuple[int, ...]


class RoundRobin:
    """Smooth weighted round robin, as in nginx: 3:1 is A A B A, never three of one and then the other.

    Each turn everybody earns his weight, and the richest pays for all and goes.
    """

    def __init__(self) -> None:
        self._credits: dict[Ids, list[float]] = {}

    def order(self, ids: Ids, weights: Sequence[float]) -> list[int]:
        """Positions in the order of trial. The first one pays for its turn, the others stand in for it."""
        credit = self._credits.get(ids)
        if credit is None:
            credit = self._begin(ids)
        for position, weight in enumerate(weights):
            credit[position] += weight
        order = sorted(range(len(ids)), key=credit.__getitem__, reverse=True)
        credit[order[0]] -= sum(weights)
        return order

    def _begin(self, ids: Ids) -> list[float]:
        if len(self._credits) >= _REMEMBERED_GROUPS:
            del self._credits[next(iter(self._credits))]
        credit = self._credits[ids] = [0.0] * len(ids)
        return credit


def shuffle(weights: Sequence[float], chance: random.Random) -> list[int]:
    """Positions in random order, each as likely first as its weight says (Efraimidis and Spirakis, 2006)."""
    keys = [-math.log(1.0 - chance.random()) / weight for weight in weights]
    return sorted(range(len(weights)), key=keys.__getitem__)
