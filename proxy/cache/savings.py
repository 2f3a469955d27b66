"""What hits saved, as the records sum it up: on all machines, and over restarts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from logs_app.models import LogRecord, may_see
from logs_app.rollups.figures import Sums
from logs_app.statistics import sums

DAYS = 30


def nanos(actor: Any) -> int | None:
    """Of the last days. None for who may not see records."""
    if not may_see(actor):
        return None
    since = timezone.now() - timedelta(days=DAYS)
    answer = sums.ask(LogRecord.objects.visible_to(actor), since)
    return Sums(answer.total)["saved_cost_nanos"]
