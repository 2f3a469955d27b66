"""What a dispatcher asks of the bus that brings it events.

At least once: a lot that nobody settles, because its dispatcher died, is given to another one after
LEASE_SECONDS. Several dispatchers of one name share the work, each lot being with one of them at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logs_app.events.subscriptions import Tally

LEASE_SECONDS = 10.0


class Overtaken(Exception):
    """The lot is with somebody else by now: this dispatcher was silent for too long."""


@dataclass(slots=True)
class Lot:
    """Numbers of records of one node, in their order, to be delivered by who took it."""

    node: str
    seqs: Sequence[int]
    tries: int = 1  # how many dispatchers have begun with it
    claim: Any = None  # the bus's own


class Bus(ABC):
    """Raises `django.db.Error`, and where it uses Redis `redis.RedisError`, while these are away."""

    @abstractmethod
    def waiting(self) -> int:
        """How many numbers nobody has taken, and more than none when a lot was abandoned."""

    @abstractmethod
    def take(self, most: int) -> Lot | None:
        """The next of them; what was abandoned first."""

    @abstractmethod
    def settle(self, lot: Lot, upto: int, tally: Tally) -> None:
        """Up to that number all is told, given up or gone, and does not come again. Raises Overtaken."""

    @abstractmethod
    def keep(self, lot: Lot) -> None:
        """It is still being delivered."""

    @abstractmethod
    def release(self, lot: Lot) -> None:
        """What is not settled may be taken by others at once."""

    def close(self) -> None:  # noqa: B027 - there may be nothing to close
        """Nothing is taken after it."""
