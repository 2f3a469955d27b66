"""What the relay needs to work, looked at one by one: database, Redis, recorder, journal, providers.

Providers are asked for their models, all at once; what was found holds for seconds, however many ask.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from redis.exceptions import RedisError

from accounts import redisclient
from proxy.configuration import rows
from proxy.health import check, stored
from proxy.models import Provider
from relay.health import lag

DEADLINE_SECONDS = 5.0
KEPT_SECONDS = 10.0
REDIS_SECONDS = 1.0
LEAST_FREE_BYTES = 256 << 20
OK, DEGRADED, DOWN = "ok", "degraded", "down"
Part = dict[str, Any]


class Cached:
    """The last answer of something slow. Who comes while it is made waits for it."""

    def __init__(self, make: Callable[[], Any], kept_seconds: float) -> None:
        self._make = make
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._made_at = float("-inf")
        self._value: Any = None

    def get(self) -> Any:
        with self._lock:
            if time.monotonic() - self._made_at > self._kept_seconds:
                self._value = self._make()
                self._made_at = time.monotonic()
            return self._value

    def forget(self) -> None:
        self._made_at = float("-inf")


def look() -> dict[str, Any]:
    """`status` is down when calls cannot be answered or kept, degraded when something else is wrong."""
    database = _database()
    parts: dict[str, Any] = {
        "database": database,
        "redis": _redis() if settings.REDIS_URL else None,
        "recorder": _recorder() if database["ok"] else _bad("It cannot be told without the database."),
        "journal": _journal(),
        "providers": _providers() if database["ok"] else [],
    }
    return {"status": _status(parts), "checked_at": timezone.now().isoformat(), **parts}


vitals = Cached(look, KEPT_SECONDS)


def _status(parts: dict[str, Any]) -> str:
    providers = parts["providers"]
    if not parts["database"]["ok"] or not any(provider["ok"] for provider in providers):
        return DOWN
    others = [parts["recorder"], parts["journal"], *filter(None, [parts["redis"]]), *providers]
    return OK if all(part["ok"] for part in others) else DEGRADED


def _database() -> Part:
    began = time.monotonic()
    for alias in connections:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError as error:
            return _bad(f"The database {alias!r} does not answer ({type(error).__name__}).")
    return _good(f"It answers in {(time.monotonic() - began) * 1000:.1f} ms.")


def _redis() -> Part:
    client = redisclient.blocking(settings.REDIS_URL, REDIS_SECONDS)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        return _bad(f"It does not answer ({type(error).__name__}): each machine counts for itself.")
    finally:
        client.close()
    return _good("It answers.")


def _recorder() -> Part:
    reasons = lag.reasons(settings.JOURNAL_DIR)
    unread = {"unread_bytes": lag.unread_bytes(settings.JOURNAL_DIR)}
    return (_bad(reasons[0]) if reasons else _good("It keeps up.")) | unread


def _journal() -> Part:
    try:
        free = shutil.disk_usage(settings.JOURNAL_DIR).free
    except OSError as error:
        return _bad(f"{settings.JOURNAL_DIR} cannot be used: {error.strerror}.")
    words = f"{free >> 20} MB are free in {settings.JOURNAL_DIR}."
    return (_good(words) if free >= LEAST_FREE_BYTES else _bad(words)) | {"free_bytes": free}


def _providers() -> list[Part]:
    found = Provider.objects.filter(is_enabled=True).order_by("pk")
    asked = [(rows.provider_of(row), None) for row in found]
    reports = check.run(asked, timeout_seconds=DEADLINE_SECONDS)
    return [
        _provider(report, stands.status) for report, stands in zip(reports, stored.of(found), strict=True)
    ]


def _provider(report: check.Report, state: str) -> Part:
    part = _good(report.words) if report.is_ok else _bad(report.words)
    name = {"name": report.provider.provider_key}
    return name | part | {"fault": report.fault, "latency_ms": report.latency_ms, "state": state}


def _good(words: str) -> Part:
    return {"ok": True, "message": words}


def _bad(words: str) -> Part:
    return {"ok": False, "message": words}
