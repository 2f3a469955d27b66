"""Refused calls of known keys on their way to the record.

A flood of them must not fill the disk: of one key and one reason, 10 in a second are recorded one by one,
the others of that second together as one record with their number. kill -9 loses at most that one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from logs_app.journal.journal import Journal

RECORDED_PER_SECOND = 10
SECOND = 1.0


@dataclass(slots=True)
class _Second:
    timer: asyncio.TimerHandle
    recorded: int = 0
    folded: int = 0
    id: bytes = b""  # of the first one folded, which stands for all
    meta: dict[str, Any] | None = None


class Rejections:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seconds: dict[tuple[str, str], _Second] = {}

    def add(self, key_id: str, id: bytes, meta: dict[str, Any]) -> None:
        """`meta` as the journal wants it, with `error_code`; `count` is added here."""
        reason = key_id, meta["error_code"]
        second = self._seconds.get(reason) or self._begin(reason)
        if second.recorded < RECORDED_PER_SECOND:
            second.recorded += 1
            self._journal.rejected(id, meta | {"count": 1})
            return
        if not second.folded:
            second.id, second.meta = id, meta
        second.folded += 1

    def flush(self) -> None:
        """Before the journal closes."""
        for reason in list(self._seconds):
            self._end(reason)

    def _begin(self, reason: tuple[str, str]) -> _Second:
        timer = asyncio.get_running_loop().call_later(SECOND, self._end, reason)
        self._seconds[reason] = second = _Second(timer)
        return second

    def _end(self, reason: tuple[str, str]) -> None:
        second = self._seconds.pop(reason)
        second.timer.cancel()
        if second.meta is not None:
            self._journal.rejected(second.id, second.meta | {"count": second.folded})
