"""Calls for alerts to be about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from logs_app.models import AlertRule, LogRecord
from logs_app.recorder.store import Store
from tests.logs_app.test_recorder_store import rows, write


def calls(count: int, *, ago: timedelta = timedelta(seconds=10), **columns: Any) -> None:
    """Which ended so long ago, in the test's own database."""
    ended = timezone.now() - ago
    store = Store()
    store.register("node-a")
    batch = [rows() for _ in range(count)]
    for each in batch:
        each.record |= {"outcome": "completed", "status_code": 200, "latency_ms": 10.0} | columns
        each.record |= {"created_at": ended - timedelta(seconds=1), "finished_at": ended}
    write(store, batch)


def rule(kind: str, threshold: float = 0, **given: Any) -> AlertRule:
    made = AlertRule(**{"name": kind, "kind": kind, "threshold": threshold, "least_requests": 5} | given)
    made.full_clean(exclude=["webhook_url", "webhook_secret"])
    made.save()
    return made


def forget() -> None:
    LogRecord.objects.all().delete()
