"""What console and commands do with the cache: order a purge, count what went, and tell how it is.

With answers in memory the order is a row that every worker follows; this machine's workers tell on their
boards how many went. In Redis they are deleted here, and the row keeps out what is on its way there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.errors import Unavailable

from . import board, purges
from .cache import REDIS
from .store import Counters
from .sweeping import Sweeper

Figures = dict[str, Any]
WAIT_SECONDS = 2.0
_PAUSE_SECONDS = 0.02


def is_on() -> bool:
    return bool(settings.HTTP_CACHE_ENABLED)


def is_shared() -> bool:
    """Whether every process sees the same answers."""
    return is_on() and settings.HTTP_CACHE_BACKEND == REDIS


def purge(criteria: Mapping[str, Any]) -> int:
    """The number of answers that went. Raises Unavailable when Redis is away."""
    with transaction.atomic():
        ordered = purges.order(criteria)
    if not is_shared():
        return _followed(ordered.number)
    sweeper = _sweeper()
    try:
        return sweeper.purge(ordered)
    except (RedisError, OSError) as error:
        words = _("Redis, where the cache is, does not answer: %(words)s.")
        raise Unavailable(words % {"words": str(error).rstrip(".")}) from error
    finally:
        sweeper.close()


def figures() -> Figures:
    told = board.read_all(settings.DATA_DIR)
    sums = {name: sum(each["counters"].get(name, 0) for each in told) for name in Counters().as_dict()}
    shown = {
        "enabled": is_on(),
        "backend": settings.HTTP_CACHE_BACKEND,
        "workers": len(told),
        "limit_bytes": settings.HTTP_CACHE_MEMORY_BYTES,
        **sums,
        "hit_rate": _share(sums["hits"], sums["misses"]),
    }
    if is_shared():
        shown |= {"entries": _count(), "bytes": None, "limit_bytes": None}
    return shown


def _share(hits: int, misses: int) -> float | None:
    return round(hits / (hits + misses), 4) if hits or misses else None


def _followed(number: int) -> int:
    """Waits until every worker of this machine has; one that is stuck is not waited for longer."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        told = board.read_all(settings.DATA_DIR)
        if all(each["followed"] >= number for each in told) or time.monotonic() > ends_at:
            return sum(each["purges"].get(str(number), 0) for each in told)
        time.sleep(_PAUSE_SECONDS)


def _count() -> int | None:
    sweeper = _sweeper()
    try:
        return sweeper.count()
    except (RedisError, OSError):
        return None
    finally:
        sweeper.close()


def _sweeper() -> Sweeper:
    return Sweeper(settings.REDIS_CACHE_URL, settings.REDIS_CACHE_KEY_PREFIX, settings.FIELD_ENCRYPTION_KEYS)
