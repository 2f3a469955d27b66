"""What a dispatcher on a terminal tells of its work."""

from __future__ import annotations

import time
from collections.abc import Callable

from logs_app.events import subscriptions
from logs_app.events.subscriptions import Tally

EVERY_SECONDS = 2.0


class Progress:
    def __init__(self, name: str, say: Callable[[str], None], every_seconds: float = EVERY_SECONDS) -> None:
        self._name, self._say, self._every_seconds = name, say, every_seconds
        self._next_at = time.monotonic() + every_seconds
        self.delivered = self.retried = self.dead = self.lost = 0

    def tell(self, tally: Tally) -> None:
        self.delivered += tally.delivered
        self.retried += tally.retried
        self.dead += len(tally.dead)
        self.lost += tally.lost
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + self._every_seconds
            self._say(self.words())

    def words(self) -> str:
        others = (
            (self.retried, "tried again"),
            (self.dead, "given up"),
            (self.lost, "removed before they could be delivered"),
            (subscriptions.lag(self._name), "to go"),
        )
        parts = [f"{self.delivered:,} delivered", *(f"{count:,} {what}" for count, what in others if count)]
        return ", ".join(parts)
