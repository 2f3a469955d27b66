"""Tells the limits what recorded calls really used, out of what the lane wrote beside each about its
reservation.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from accounts.budgets.ledger import Ledger, Settlement
from logs_app.assembly import Row, Rows
from logs_app.models import Outcome

# What ended longer ago has left every window, or would count in one that it is no part of.
LATEST_SECONDS = 60.0
# The provider was not reached, or refused, or does not count tokens there.
_FREE_OUTCOMES = {Outcome.COMPLETED, Outcome.FAILED, Outcome.REJECTED}

log = logging.getLogger(__name__)


class Settler:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def settle(self, batch: Iterable[Rows]) -> None:
        """Never raises: these rows are recorded."""
        now = datetime.now(UTC)
        try:
            found = [one for rows in batch if rows.reservation and (one := settlement(rows, now))]
            if found:
                self._ledger.settle(found)
        except Exception:
            log.exception("Tokens could not be settled: the estimates stand.")

    def close(self) -> None:
        self._ledger.close()


def settlement(rows: Rows, now: datetime) -> Settlement | None:
    """None when the estimate is to stand."""
    given: dict[str, Any] = rows.reservation or {}
    used = _used(rows.record)
    if used is None or _age_seconds(rows.record, now) > LATEST_SECONDS:
        return None
    return Settlement(given["budgets"], given["tokens"], used, given.get("local_us"), given.get("redis_us"))


def _used(record: Row) -> int | None:
    parts = [record["prompt_tokens"], record["completion_tokens"]]
    if record["total_tokens"] is not None:
        return int(record["total_tokens"])
    if any(part is not None for part in parts):
        return sum(part or 0 for part in parts)
    return 0 if record["outcome"] in _FREE_OUTCOMES and not record["fold_error"] else None


def _age_seconds(record: Row, now: datetime) -> float:
    finished_at = record["finished_at"]
    if isinstance(finished_at, str):  # spelled for SQLite
        finished_at = datetime.fromisoformat(finished_at)
    if finished_at.tzinfo is None:
        finished_at = finished_at.replace(tzinfo=UTC)
    return (now - finished_at).total_seconds()
