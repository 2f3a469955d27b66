"""The other two sides of a call: what the provider got and what the client got, where the relay changed them.

Bodies are stored once, as the client sent and the provider answered them; the edits of the record tell the
rest, and are done again here. None where nothing differs.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from logs_app import payloads
from logs_app.folding import choices
from logs_app.models import LogPayload, LogRecord
from logs_app.presentation import presentation

USAGE = {"include_usage": True}
_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r(?!\n)){2}")


def sent(record: LogRecord, payload: LogPayload) -> Any:
    """The body that the provider got, shown like `presentation.request_body`."""
    if payload.request_sent is not None:
        stored = payloads.unpack(payload.request_sent)
        return presentation.body(stored, payload.request_content_type, payload.request_sent_cut)
    asked = presentation.request_body(payload)
    if type(asked) is not dict or payload.request_cut:
        return None
    changed = _as_sent(asked, record)
    return changed if changed != asked else None


def _as_sent(asked: dict[str, Any], record: LogRecord) -> dict[str, Any]:
    kinds = {edit.get("kind") for edit in record.edits}
    changed = dict(asked)
    if record.model_sent and (asked.get("model") or "default_model" in kinds):
        changed["model"] = record.model_sent
    if "inject_stream_usage" in kinds:
        changed["stream_options"] = (asked.get("stream_options") or {}) | USAGE
    return changed


def delivered(record: LogRecord, payload: LogPayload) -> str | None:
    """The body that the client got, as text. An answer of which only both ends are kept is not rebuilt."""
    raw = presentation.response_raw(payload)
    if raw is None or payload.response_cut:
        return None
    changed = raw
    for edit in record.edits:
        changed = _delivered(changed, edit)
    return changed if changed != raw else None


def _delivered(text: str, edit: dict[str, Any]) -> str:
    match edit:
        case {"kind": "hide_usage_event"}:
            return "".join(event for event in _events(text) if not choices.is_usage_only(event.encode()))
        case {"kind": "append_error_event", "event": str(event)}:
            return _whole_events(text) + event
        case {"kind": "model", "from": str(served), "to": str(asked)}:
            return _renamed(text, served, asked)
        case _:
            return text


def _renamed(text: str, served: str, asked: str) -> str:
    """Of the member `model` only the value is another one, in each event or once in a whole object."""
    named = re.compile(r'("model"\s*:\s*)' + re.escape(_json(served)))
    is_object = text.lstrip().startswith("{")
    return named.sub(lambda match: match[1] + _json(asked), text, count=int(is_object))


def _json(text: str) -> str:
    return orjson.dumps(text).decode()


def _events(text: str) -> list[str]:
    """With the blank lines that end them; what is left at the end is the last one."""
    ends = [match.end() for match in _BLANK_LINE.finditer(text)]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _whole_events(text: str) -> str:
    """A stream that was cut inside an event was forwarded up to the one before it."""
    return "".join(_events(text)[:-1])
