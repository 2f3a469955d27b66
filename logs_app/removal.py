"""Deleting records: with everything that is kept of them, except the sums, which tell of the past."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction

from logs_app import search
from logs_app.models import Attempt, LogPayload, LogRecord

BATCH = 200  # so short that the recorder, the one other writer, hardly waits


def remove_many(ids: Sequence[Any], using: str) -> int:
    """In transactions of their own: what is gone when it breaks off stays gone."""
    return sum(remove(ids[start : start + BATCH], using) for start in range(0, len(ids), BATCH))


def remove(ids: Collection[Any], using: str) -> int:
    """How many there were."""
    with transaction.atomic(using=using):
        for model in (LogPayload, Attempt):
            model._default_manager.using(using).filter(record_id__in=ids).delete()
        search.forget(ids, using)
        return LogRecord.objects.using(using).filter(pk__in=ids).delete()[0]
