"""Rows of the search index."""

from __future__ import annotations

from logs_app.models import LogPayload, LogRecord, SearchText
from logs_app.search import texts

LARGEST_BYTES = 4 << 20


def of(records: list[LogRecord], using: str) -> list[SearchText]:
    """One for each record that says anything."""
    stored = LogPayload.objects.using(using).only("request_body", "response_body")
    payloads = stored.in_bulk([record.pk for record in records if size_of(record)])
    written = ((record.pk, texts.of_record(record, payloads.get(record.pk))) for record in records)
    return [SearchText(record_id=pk, text=text) for pk, text in written if text]


def size_of(record: LogRecord) -> int:
    """Bytes of payload to read. Of an enormous one nothing is read: its previews have to do."""
    size = record.request_bytes + record.response_bytes
    return size if size <= LARGEST_BYTES else 0
