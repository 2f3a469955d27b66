"""Reads records for an export, a few at a time, with their payloads as long as these are not large."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from logs_app.finding import walking
from logs_app.models import Attempt, LogPayload, LogRecord, LogRecordQuerySet

ROWS = 500
# Stated sizes of bodies: what is in memory is a few times of it.
PORTION_BYTES = 4 << 20

Portion = list[LogRecord]


def of(records: LogRecordQuerySet, *, with_payloads: bool) -> Iterator[Portion]:
    """Records of one portion have their payload and attempts already, where they are wanted."""
    if with_payloads:
        records.refuse_withheld()
    for page in walking.pages(records, ROWS):
        if not with_payloads:
            yield page
            continue
        for portion in split(page):
            attach(portion)
            yield portion


def split(page: Portion) -> Iterator[Portion]:
    portion: Portion = []
    size = 0
    for record in page:
        portion.append(record)
        size += record.request_bytes + record.response_bytes
        if size > PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def attach(portion: Portion) -> None:
    """Two questions instead of two for each record."""
    ids, alias = [record.pk for record in portion], portion[0]._state.db
    payloads = LogPayload.objects.using(alias).in_bulk(ids)
    attempts = _attempts(ids, alias)
    for record in portion:
        record.payload = payloads.get(record.pk) or LogPayload(record_id=record.pk)
        record.attempts = attempts.get(record.pk, [])


def _attempts(ids: list[UUID], alias: str | None) -> dict[UUID, list[Attempt]]:
    rows = Attempt.objects.using(alias).filter(record_id__in=ids).order_by("record_id", "number")
    return {id: list(found) for id, found in groupby(rows, key=lambda attempt: attempt.record_id)}
