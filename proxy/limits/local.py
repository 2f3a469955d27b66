"""The limiter of one machine: exact over all its processes, in microseconds, without a thread or a trip."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from accounts.budgets.budget import REQUESTS, STREAMS, TOKENS, Budget
from accounts.budgets.row import Row
from accounts.budgets.table import Table

from .limiter import Budgets, Need, Refused, Remaining, Taken

# When a stream ends cannot be computed.
STREAM_WAIT_US = 1_000_000
_Place = tuple[Budget, Row, int, int]  # amount, used


class LocalLimiter:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    @cached_property
    def _table(self) -> Table:
        """Not before there is something to count: the file has 17 MB."""
        return Table(self._data_dir)

    async def take(self, budgets: Budgets, need: Need) -> Taken | Refused:
        table = self._table
        with table as now_us:
            places: list[_Place] = []
            refusal: Refused | None = None
            for budget in budgets:
                is_stream = budget.unit == STREAMS
                amount = need[budget.unit]
                if is_stream and not amount:
                    continue
                row = table.row(budget, now_us)
                if row is None:
                    continue
                used = self._streams(budget, row) if is_stream else row.used(now_us, budget.window_us)
                places.append((budget, row, amount, used))
                if amount and used + amount > budget.limit:
                    refusal = _longer(refusal, budget, row, amount, used, now_us)
            if refusal is not None:
                return Refused(refusal.budget, refusal.amount, refusal.wait_us, _remaining(places, now_us))
            for budget, row, amount, _used in places:
                self._add(budget, row, now_us, amount)
            return Taken(budgets, need, _remaining(places, now_us, taken=True), local_us=now_us)

    async def look(self, budgets: Budgets) -> list[Remaining]:
        places: list[_Place] = []
        with self._table as now_us:
            for budget in budgets:
                row = self._table.row(budget, now_us) if budget.unit != STREAMS else None
                if row is not None:
                    places.append((budget, row, 0, row.used(now_us, budget.window_us)))
            return _remaining(places, now_us)

    def note(self, taken: Taken) -> None:
        """What another limiter let through counts here too, whatever the limit."""
        with self._table as now_us:
            taken.local_us = now_us
            for budget in taken.budgets:
                amount = taken.need[budget.unit]
                row = self._table.row(budget, now_us) if amount else None
                if row is not None:
                    if budget.unit != STREAMS:
                        row.used(now_us, budget.window_us)
                    self._add(budget, row, now_us, amount)

    def end(self, taken: Taken) -> None:
        if taken.local_us is None:
            return
        returns_tokens = taken.need[TOKENS] and not taken.settles
        if not (taken.need[STREAMS] or returns_tokens):
            return
        with self._table as now_us:
            for budget in taken.budgets:
                if budget.unit == REQUESTS or not taken.need[budget.unit]:
                    continue
                row = self._table.row(budget, now_us)
                if row is not None and budget.unit == STREAMS:
                    self._table.cells.add(row.slots, -1)
                elif row is not None and returns_tokens:
                    row.take_back(now_us, budget.window_us, taken.local_us, taken.need[TOKENS])

    async def aclose(self) -> None:
        if "_table" in self.__dict__:
            self._table.close()

    def _streams(self, budget: Budget, row: Row) -> int:
        """What dead processes held is only looked for when it would stand in the way."""
        used = self._table.cells.count(row.slots)
        return used if used < budget.limit else self._table.cells.count_living(row.slots)

    def _add(self, budget: Budget, row: Row, now_us: int, amount: int) -> None:
        if budget.unit == STREAMS:
            self._table.cells.add(row.slots, amount)
        elif amount:
            row.add(now_us, amount, budget.grain_us)


def _longer(other: Refused | None, budget: Budget, row: Row, amount: int, used: int, now_us: int) -> Refused:
    if budget.unit == STREAMS:
        wait_us = STREAM_WAIT_US
    else:
        wait_us = row.wait_us(now_us, budget.window_us, used + amount - budget.limit)
    if other is not None and other.wait_us is not None and other.wait_us >= wait_us:
        return other
    return Refused(budget, amount, wait_us)


def _remaining(places: list[_Place], now_us: int, *, taken: bool = False) -> list[Remaining]:
    return [
        Remaining(
            budget,
            max(budget.limit - used - amount * taken, 0),
            row.reset_us(now_us, budget.window_us),
        )
        for budget, row, amount, used in places
        if budget.unit != STREAMS
    ]
