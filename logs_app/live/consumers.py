"""What the pages of the records watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import translation

from logs_app import reveals
from logs_app.finding.filters import RecordFilters
from logs_app.live import arrivals, line, sieve
from logs_app.live.asking import ask
from logs_app.live.flights import Flight, Flights
from logs_app.live.present import Present
from logs_app.live.watching import UNUSABLE, Watching
from logs_app.models import LogRecord
from logs_app.presentation import listing

MOST_ROWS = 100
MOST_FLIGHTS = 20
RETRY_SECONDS = 1.0
RECORD_SECONDS = 0.2
# An exchange that is over has its record within a second, unless the database is away.
RECORD_TRIES = 150
# Words are found when they are indexed, which is later than a record is made.
NOT_LIVE = frozenset({"q", "search"})

present = Present()


class Records(Watching):
    """The list. The browser first says `{"after": position}`, what it shows already.

    News: `rows`, oldest first; `has_missed`, that there were more than these; `after`; `flights`.
    """

    async def watch(self) -> None:
        given = {name: str(value) for name, value in self.request.GET.items()}
        filters = RecordFilters.among(given)
        if not filters.is_valid() or not NOT_LIVE.isdisjoint(given):
            await self.close(UNUSABLE, "not_live")
            return
        sheet = Sheet(self.request, filters)
        await self.is_asked()
        if isinstance(self.asked, dict) and arrivals.is_position(self.asked.get("after")):
            sheet.after = self.asked["after"]
        async with present:
            version = -1
            while True:
                await self.is_asked()
                await present.after(version)
                version = present.version
                news = await ask(sheet.news, present.position, present.flights, present.is_recorder_away)
                if news:
                    await self.tell(news)


class Sheet:
    """What one browser shows, and what is new to it."""

    def __init__(self, request: Any, filters: RecordFilters) -> None:
        self.after: Mapping[str, int] | None = None
        self._request, self._filters = request, filters
        self._language = translation.get_language_from_request(request)
        self._flights: dict[str, Flight] = {}
        self._summary: Any = None

    def news(
        self, position: Mapping[str, int] | None, flights: Flights | None, is_recorder_away: bool
    ) -> dict[str, Any]:
        with translation.override(self._language):
            return {
                **(self._rows(position) if position is not None else {}),
                **self._in_flight(flights, is_recorder_away),
            }

    def _rows(self, position: Mapping[str, int]) -> dict[str, Any]:
        after, self.after = self.after, position
        if after is None or after == position:
            return {}
        records = self._filters.narrow(LogRecord.objects.visible_to(self._request.user))
        found, has_missed = arrivals.latest(records.only(*listing.COLUMNS), after, position, MOST_ROWS)
        shown = [[str(record.pk), listing.row(record)] for record in found]
        return {"after": position, "rows": shown, "has_missed": has_missed} if found else {"after": position}

    def _in_flight(self, flights: Flights | None, is_recorder_away: bool) -> dict[str, Any]:
        values = self._filters.validated_data
        matching = [f for f in flights.newest if sieve.passes(f, values)] if flights else []
        shown = {flight.id: flight for flight in matching[:MOST_FLIGHTS]}
        total = (len(matching) if values else flights.total) if flights else 0
        summary = None if flights is None and not is_recorder_away else [total, is_recorder_away]
        if shown == self._flights and summary == self._summary:
            return {}
        changed = [f for id, f in shown.items() if f != self._flights.get(id)]
        gone = [id for id in self._flights if id not in shown]
        self._flights, self._summary = shown, summary
        return {
            "flights": {
                "total": total,
                "is_recorder_away": is_recorder_away,
                "now": int(time.time() * 1000),
                "rows": [[str(UUID(flight.id)), listing.flight(flight)] for flight in changed],
                "gone": [str(UUID(id)) for id in gone],
            }
        }


class Answer(Watching):
    """One exchange. News: those of `watched`; `is_recorder_away`; at last whether it `is_recorded`."""

    async def watch(self) -> None:
        self._id = UUID(self.scope["url_route"]["kwargs"]["pk"])
        self._is_noted = False
        while not await self._follow():
            await self.tell({"is_recorder_away": True})
            await asyncio.sleep(RETRY_SECONDS)
        await self.tell({"is_recorded": await self._is_recorded()})
        await self.close()

    async def _follow(self) -> bool:
        """Whether it is over; else the recorder has left."""
        try:
            async for news in line.listen(self._id.hex):
                if news.get("has_ended"):
                    break
                await self.tell(await self._allowed(news))
        except line.Away:
            return False
        return True

    async def _allowed(self, news: dict[str, Any]) -> dict[str, Any]:
        if not await ask(reveals.is_allowed, self.request.user):
            return news | {"passages": []}
        if news["passages"] and not self._is_noted:
            await ask(reveals.note, self.request, LogRecord(pk=self._id))
            self._is_noted = True
        return news

    async def _is_recorded(self) -> bool:
        for _ in range(RECORD_TRIES):
            if await ask(self._find):
                return True
            await asyncio.sleep(RECORD_SECONDS)
        return False

    def _find(self) -> bool:
        return LogRecord.objects.visible_to(self.request.user).filter(pk=self._id).exists()
