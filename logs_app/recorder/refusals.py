"""Refused calls in the audit trail: the first of a key and reason at once, the rest of its minute as one.

The records hold each of them; the trail is for people. Failure policy: the records are committed already, so
a trail that cannot be written is an error in the log, and what it missed is written with the next minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import close_old_connections

from accounts.audit import audit
from accounts.audit.audit import Actor

MINUTE_SECONDS = 60.0
AUDITED_CODES = frozenset(
    (
        "endpoint_not_found",
        "header_required",
        "method_not_allowed",
        "model_not_allowed",
        "origin_not_allowed",
        "origin_required",
        "param_not_allowed",
        "project_inactive",
        "token_expired",
        "token_inactive",
        "unreadable_request",
    )
)

Row = Mapping[str, Any]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Minute:
    ends_at: float
    row: Row
    repeats: int = 0


class Refusals:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minutes: dict[tuple[str, str], _Minute] = {}

    def note(self, records: Iterable[Row]) -> None:
        """After the commit of these records."""
        for row in records:
            if row["outcome"] == "rejected" and row["error_code"] in AUDITED_CODES:
                self._note_one(row)
        self.flush()

    def flush(self, *, all_of_them: bool = False) -> None:
        """Writes what the minutes that are over have gathered."""
        now = self._clock()
        over = [key for key, minute in self._minutes.items() if all_of_them or now >= minute.ends_at]
        for key in over:
            minute = self._minutes.pop(key)
            if minute.repeats and not _write(minute.row, minute.repeats):
                self._minutes[key] = _Minute(now + MINUTE_SECONDS, minute.row, minute.repeats)

    def _note_one(self, row: Row) -> None:
        key = (f"{row['key_kind']} {row['key_id']}", row["error_code"])
        minute = self._minutes.get(key)
        if minute is not None:
            minute.row, minute.repeats = row, minute.repeats + (row["repeats"] or 1)
            return
        self._minutes[key] = minute = _Minute(self._clock() + MINUTE_SECONDS, row)
        if not _write(row, row["repeats"] or 1):
            minute.repeats = row["repeats"] or 1


def _write(row: Row, repeats: int) -> bool:
    try:
        audit.record(
            Actor("key", row["key_name"] or "", row["client_ip"], row["request_id"]),
            "call.refused",
            (row["key_kind"] or "key", row["key_id"], row["key_name"]),
            outcome="denied",
            detail={
                "code": row["error_code"],
                "method": row["method"],
                "path": row["path"],
                "model": row["model"],
            },
            repeats=repeats,
        )
    except DatabaseError as error:
        close_old_connections()  # a broken one would not mend
        log.error("%d refused calls could not be written to the audit trail yet: %s", repeats, error)
        return False
    return True
