"""Whether the machines of a relay count their limits together, for `serve` and `check` to say."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

from accounts import redisclient
from logs_app.finding import nodes

PATIENCE_SECONDS = 2.0
# A machine that recorded nothing for so long is one that was replaced.
RECENTLY = timedelta(days=1)

ALONE = (
    "Limits are counted on this machine. Several machines need REDIS_URL to keep them together: set it "
    "before another one uses this database."
)


def reminders() -> list[str]:
    """What is to be known about limits on several machines. Raises DatabaseError."""
    if settings.REDIS_URL:
        return _unreachable()
    if others := _others():
        return [
            f"Other machines use this database ({', '.join(others)}), but REDIS_URL is not set: each of them "
            "lets a key do what its limits allow. Set REDIS_URL on all."
        ]
    return [] if connection.vendor == "sqlite" else [ALONE]


def _unreachable() -> list[str]:
    try:
        with redisclient.blocking(settings.REDIS_URL, PATIENCE_SECONDS) as redis:
            redis.ping()
    except (RedisError, OSError, ValueError) as error:
        return [f"REDIS_URL: no answer ({error}). Until there is one, each machine counts limits for itself."]
    return []


def _others() -> list[str]:
    others = nodes.recording().exclude(pk=settings.NODE_ID)
    return list(others.filter(last__gt=timezone.now() - RECENTLY).values_list("pk", flat=True))
