"""What is newest, found out once for all who watch from this process, and not at all while nobody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.db import DatabaseError

from logs_app.events import feed
from logs_app.live import asking, line
from logs_app.live.flights import FLIGHTS, Flights

POLL_SECONDS = 0.3
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Present:
    """`position` and `flights` are None before they are known; `version` moves with them."""

    def __init__(self) -> None:
        self.position: dict[str, int] | None = None
        self.flights: Flights | None = None
        self.is_recorder_away = False
        self.version = 0
        self._watchers = 0
        self._work: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Present:
        self._watchers += 1
        if self._watchers == 1:
            self._work = [
                asyncio.create_task(_again_and_again(self._poll, POLL_SECONDS)),
                asyncio.create_task(_again_and_again(self._listen, RETRY_SECONDS)),
            ]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watchers -= 1
        if self._watchers:
            return
        for task in self._work:
            task.cancel()
        self.position = self.flights = None
        await asking.rest()

    async def after(self, version: int) -> None:
        """Returns when there is something newer than this."""
        while self.version <= version:
            await self._changed.wait()

    def _move(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def _poll(self) -> None:
        position = await asking.ask(feed.newest)
        if position != self.position:
            self.position = position
            self._move()

    async def _listen(self) -> None:
        try:
            async for news in line.listen(FLIGHTS):
                self.flights, self.is_recorder_away = Flights.from_json(news), False
                self._move()
        except line.Away:
            if not self.is_recorder_away:
                self.flights, self.is_recorder_away = None, True
                self._move()


async def _again_and_again(look: Callable[[], Awaitable[None]], seconds: float) -> None:
    """While the database is away nothing new is seen; whatever else fails is told, and tried again."""
    while True:
        try:
            await look()
        except DatabaseError as error:
            log.debug("The database does not tell what is new: %s", error)
        except Exception:
            log.exception("What is new could not be found out.")
        await asyncio.sleep(seconds)
