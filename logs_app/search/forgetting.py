"""What finding keeps of a record goes with the record."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from logs_app.models import LogRecord, RecordTag, SearchText
from logs_app.search import entries


def forget(ids: Collection[Any], using: str) -> None:
    """Of deleted records: their searched texts and the copies of their tags. In the caller's transaction."""
    forget_texts(ids, using)
    RecordTag.objects.using(using).filter(record_id__in=ids).delete()


def forget_texts(ids: Collection[Any], using: str) -> None:
    """Of records whose payload is gone. In the caller's transaction."""
    SearchText.objects.using(using).filter(record_id__in=ids).delete()


def renew(ids: Collection[Any], using: str) -> None:
    """Of records whose stored payload was changed, as by a later rule of redaction: never what was there
    before. In the caller's transaction, after the change.
    """
    SearchText.objects.using(using).filter(record_id__in=ids).delete()
    records = list(LogRecord.objects.using(using).filter(pk__in=ids))
    SearchText.objects.using(using).bulk_create(entries.of(records, using), ignore_conflicts=True)
