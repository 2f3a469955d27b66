"""Rows of the search index."""

from __future__ import annotations

import logging

from logs_app.models import LogPayload, LogRecord, SearchText
from logs_app.search import texts

LARGEST_BYTES = 4 << 20

log = logging.getLogger(__name__)


def of(records: list[LogRecord], using: str) -> list[SearchText]:
    """One for each record that says anything. Of an enormous body nothing is read: its preview has to do."""
    stored = LogPayload.objects.using(using).only("request_body", "response_body")
    payloads = stored.in_bulk([record.pk for record in records if size(record) <= LARGEST_BYTES])
    written = ((record.pk, _text(record, payloads.get(record.pk))) for record in records)
    return [SearchText(record_id=pk, text=text) for pk, text in written if text]


def _text(record: LogRecord, payload: LogPayload | None) -> str:
    """A payload that cannot be read keeps no other record out of the index."""
    try:
        return texts.of_record(record, payload)
    except Exception:
        log.exception("The payload of record %s cannot be searched.", record.pk)
        return texts.of_record(record, None)


def size(record: LogRecord) -> int:
    """Bytes of both bodies as they were sent."""
    return record.request_bytes + record.response_bytes
