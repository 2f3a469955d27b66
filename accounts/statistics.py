"""How keys were used. The counts are where the records are, and `accounts` knows nothing of these: the
settings name what reads them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.module_loading import import_string

from .models import Secret, WitheringToken
from .secrets import rotation
from .tokens import quota

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Statistics:
    """`request_count` leaves out refused calls and cache hits. None: the records' database did not answer."""

    request_count: int | None = 0
    cache_hit_count: int | None = 0
    last_used_at: datetime | None = None


def of_keys(rows: Sequence[Secret]) -> dict[Any, Statistics]:
    """By primary key, for rows of one kind: one query, and one more if some have a quota.

    The uses a quota counts are exact at once; what the recorder counts is a second late.
    """
    if not rows:
        return {}
    found = _recorded(rows)
    limited = [row.pk for row in rows if isinstance(row, WitheringToken) and row.max_requests]
    used = quota.used(limited) if limited else {}
    return {row.pk: _statistics(row, found, used.get(row.pk, 0)) for row in rows}


def daily(kind: str, ids: Sequence[Any], days: int) -> dict[str, list[Any]]:
    """By id, of those that were used: what was spent on each of the last days (UTC), today last. `kind` is
    project, credential or token."""
    return _periods("daily", kind, ids, days)


def lately(kind: str, ids: Sequence[Any]) -> dict[str, Any]:
    """By id: what was spent in the last 24 hours."""
    return _periods("lately", kind, ids)


def total(days: Sequence[Any]) -> Any:
    return import_module(settings.KEY_PERIODS_READER).total(days)


def _periods(name: str, kind: str, ids: Sequence[Any], *more: Any) -> dict[str, Any]:
    try:
        return getattr(import_module(settings.KEY_PERIODS_READER), name)(kind, list(map(str, ids)), *more)
    except DatabaseError as error:
        log.warning("How keys were used cannot be read: %s", error)
        return {}


def _recorded(rows: Sequence[Secret]) -> dict[str, Any] | None:
    """Failure policy: a key can be seen and revoked while the records are away."""
    read = import_string(settings.KEY_USAGE_READER)
    try:
        return read(rotation.kind_of(rows[0]), [str(row.pk) for row in rows])
    except DatabaseError as error:
        log.warning("How keys were used cannot be read: %s", error)
        return None


def _statistics(row: Secret, found: dict[str, Any] | None, used: int) -> Statistics:
    limited = isinstance(row, WitheringToken) and row.max_requests
    if found is None:
        return Statistics(used if limited else None, None)
    usage = found.get(str(row.pk))
    if usage is None:
        return Statistics(used if limited else 0)
    return Statistics(used if limited else usage.request_count, usage.cache_hit_count, usage.last_used_at)
