"""Every client of Redis: none waits for it longer than its caller may be kept waiting."""

from __future__ import annotations

from typing import Any

import redis
from redis import asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def blocking(url: str, patience_seconds: float, **options: Any) -> redis.Redis:
    """Connects with its first command. `patience_seconds` is for the connection, and for each answer."""
    return redis.Redis.from_url(url, **_patient(patience_seconds), **options)


def asynchronous(url: str, patience_seconds: float, **options: Any) -> asyncio.Redis:
    """The same for an event loop."""
    return asyncio.Redis.from_url(url, **_patient(patience_seconds), **options)


def pooled(url: str, patience_seconds: float, connections: int, **options: Any) -> asyncio.Redis:
    """For calls: they wait for one of so many connections; a pool that grew with them would run into the
    limit that Redis has. A command whose connection has died unseen is sent once more: it may be done twice.
    """
    pool = asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=patience_seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        **_patient(patience_seconds),
        **options,
    )
    return asyncio.Redis.from_pool(pool)


def _patient(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}
