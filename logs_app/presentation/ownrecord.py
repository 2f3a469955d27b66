"""One record for whoever made the call: as the management API shows it, without what is the relay's own.

Made without the serializers of that API, which would cost every worker 17 MB; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from logs_app import payloads
from logs_app.jsontext import iso
from logs_app.models import Attempt, LogRecord
from logs_app.presentation import presentation, sides

# What a rule made of the request, and how the relay speaks with its providers, is its operator's business.
INTERNAL_OF_ATTEMPTS = {"key", "message"}
INTERNAL = {
    "node",
    "seq",
    "fold_version",
    "fold_error",
    "redaction_version",
    "cost_nanos",
    "saved_cost_nanos",
}


def find(key_kind: str, key_id: str, request_id: str) -> bytes | None:
    """JSON; None when there is no such record of this key."""
    try:
        record_id = UUID(request_id)
    except ValueError:
        return None
    record = LogRecord.objects.filter(pk=record_id, key_kind=key_kind, key_id=key_id).first()
    return None if record is None else DjangoJSONEncoder().encode(_shown(record)).encode()


def _shown(record: LogRecord) -> dict[str, Any]:
    payload = record.payload
    return {
        **{name: _value(value) for name, value in _columns(record, INTERNAL)},
        "cost": presentation.cost(record.cost_nanos),
        "saved_cost": presentation.cost(record.saved_cost_nanos),
        "request_headers": presentation.headers(payload.request_headers),
        "request_body": presentation.request_body(payload),
        "response_headers": presentation.headers(payload.response_headers),
        "response_body": presentation.response_body(payload),
        "response_raw": presentation.response_raw(payload),
        "response_delivered": sides.delivered(record, payload),
        "usage": payloads.unpack_json(payload.usage),
        "timings": payloads.unpack_timings(payload.timings),
        "attempts": [_attempt(attempt) for attempt in record.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return dict(_columns(attempt, {"record_id", *INTERNAL_OF_ATTEMPTS}))


def _columns(row: LogRecord | Attempt, left_out: set[str]) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        if field.name not in left_out:
            yield field.name, getattr(row, field.name)


def _value(value: Any) -> Any:
    """What was not there is null. Microseconds stay, unlike in Django's own encoding."""
    if isinstance(value, datetime):
        return iso(value)
    return None if value == "" else value
