"""An exchange as it is told to others: the record, its attempts and what was said, as one value.

Its members have the names of the management API. What is in it was redacted when it was recorded. Members may
be added within a version; what one means never changes without a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Self

from accounts.loglevels import FULL
from logs_app import jsontext
from logs_app.models import Attempt, LogRecord
from logs_app.presentation import presentation

VERSION = 1

USAGE = (
    "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "cache_write_tokens",
    "reasoning_tokens", "audio_tokens", "image_tokens", "prompt_audio_tokens", "prompt_image_tokens",
    "image_count", "audio_seconds", "character_count",
)  # fmt: skip
ATTEMPT = (
    "number", "provider", "status_code", "model", "key", "error", "message", "started_ms", "latency_ms",
    "prompt_tokens", "completion_tokens",
)  # fmt: skip
# Why a body is not in an event although it was recorded.
REMOVED, UNREADABLE = "removed", "unreadable"


@dataclass(frozen=True, slots=True)
class Message:
    """One side of the exchange. Of a stream `body` is the object put together from it.

    `body` is an object where it was JSON, else text, else `{"base64", "content_type"}`; of a very long one
    both ends, `{"truncated": true, "size", "sha256", …}`; `{"withheld": why, "size"}` where it is not kept;
    None where there was none.
    """

    headers: Mapping[str, str]
    content_type: str
    bytes: int
    body: Any
    # A stream as it was sent, for sinks with `wants_raw`; never part of `as_dict`.
    raw: str | None = field(default=None, repr=False)

    @property
    def is_withheld(self) -> bool:
        return isinstance(self.body, dict) and self.body.keys() == {"withheld", "size"}

    def as_dict(self) -> dict[str, Any]:
        return {
            "headers": dict(self.headers),
            "content_type": self.content_type or None,
            "bytes": self.bytes,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: str
    node: str
    seq: int
    request_id: str = ""
    client_request_id: str = ""
    trace_id: str = ""
    parent: str = ""
    lineage: str = ""

    created_at: datetime
    first_token_at: datetime | None = None
    finished_at: datetime
    latency_ms: float
    ttft_ms: float | None = None

    method: str
    path: str
    query: str = ""
    endpoint: str
    client_ip: str = ""
    is_streaming: bool = False
    is_cached: bool = False

    project_id: str = ""
    project: str = ""
    key_id: str = ""
    key_kind: str = ""
    key_name: str = ""
    key_prefix: str = ""

    model: str = ""
    model_sent: str = ""
    model_served: str = ""
    provider: str = ""
    attempts: Sequence[Mapping[str, Any]] = ()

    status_code: int | None = None
    outcome: str
    finish_reason: str = ""
    error_code: str = ""
    error_message: str = ""
    repeats: int = 1

    usage: Mapping[str, Any] = field(default_factory=dict)
    usage_estimated: bool = False
    cost: str | None = None
    price_version: str = ""

    session: str = ""
    end_user: str = ""
    tags: Sequence[str] = ()
    prompt_fingerprint: str = ""

    log_level: str = FULL
    redactions: Mapping[str, int] = field(default_factory=dict)
    request: Message
    response: Message

    @classmethod
    def of(cls, record: LogRecord, *, with_raw: bool = False, missing: str = REMOVED) -> Self:
        """Reads `record.payload` and `record.attempts`. `missing` says why a body is not kept that was."""
        same = {each.name: getattr(record, each.name) for each in fields(cls) if each.name in _COLUMNS}
        return cls(
            **same,
            id=str(record.pk),
            parent=str(record.parent or ""),
            first_token_at=_first_token_at(record),
            attempts=[_attempt(attempt) for attempt in record.attempts],
            usage={name: getattr(record, name) for name in USAGE},
            cost=presentation.cost(record.cost_nanos),
            request=_request(record, missing),
            response=_response(record, missing, with_raw=with_raw),
        )

    @property
    def is_error(self) -> bool:
        return self.outcome != "completed" or (self.status_code or 0) >= 400

    def as_dict(self) -> dict[str, Any]:
        """The JSON form. What is not there is null, never an empty text."""
        shown: dict[str, Any] = {"version": VERSION}
        for each in fields(self):
            shown[each.name] = _shown(getattr(self, each.name))
        return shown

    def as_json(self) -> bytes:
        return jsontext.dumps(self.as_dict())


_COLUMNS = {column.attname for column in LogRecord._meta.concrete_fields} - {"id", "parent"}


def _shown(value: Any) -> Any:
    match value:
        case Message():
            return value.as_dict()
        case "":
            return None
        case datetime():
            return jsontext.iso(value, "microseconds")
        case tuple():
            return list(value)
    return value


def _first_token_at(record: LogRecord) -> datetime | None:
    return None if record.ttft_ms is None else record.created_at + timedelta(milliseconds=record.ttft_ms)


def _attempt(attempt: Attempt) -> dict[str, Any]:
    values = ((name, getattr(attempt, name)) for name in ATTEMPT)
    return {name: None if value == "" else value for name, value in values}


def _request(record: LogRecord, missing: str) -> Message:
    payload = record.payload
    return Message(
        headers=presentation.headers(payload.request_headers),
        content_type=payload.request_content_type,
        bytes=record.request_bytes,
        body=_body(record, presentation.request_body(payload), record.request_bytes, missing),
    )


def _response(record: LogRecord, missing: str, *, with_raw: bool) -> Message:
    payload = record.payload
    has_raw = with_raw and payload.response_raw is not None
    return Message(
        headers=presentation.headers(payload.response_headers),
        content_type=payload.response_content_type,
        bytes=record.response_bytes,
        body=_body(record, presentation.response_body(payload), record.response_bytes, missing),
        raw=presentation.response_raw(payload) if has_raw else None,
    )


def _body(record: LogRecord, body: Any, size: int, missing: str) -> Any:
    if body is not None or not size:
        return body
    withheld = record.log_level if record.log_level != FULL else missing
    return {"withheld": withheld, "size": size}
