"""Calls that nobody has made yet, in the shape of a record, so that `snippets` can write them as programs."""

from __future__ import annotations

from typing import Any

from logs_app import payloads
from logs_app.models import LogPayload, LogRecord


def draft(path: str, body: dict[str, Any]) -> LogRecord:
    """Never saved."""
    record = LogRecord(method="POST", path=path, endpoint=path)
    record.payload = LogPayload(
        request_body=payloads.pack_json(body), request_content_type="application/json"
    )
    return record
