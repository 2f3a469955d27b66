"""What the events of a stream say before its text: whether it has begun, and whether it is an error.

Pure, and for streams that are held back only; nothing is changed here. A stream begins at its first event
that is not a comment, a greeting of the protocol or a delta without content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from logs_app.folding import sse

_GREETINGS = frozenset(
    {"message_start", "ping", "response.created", "response.queued", "response.in_progress"}
)
# An error that another provider would find in the request too.
_CALLERS_FAULTS = frozenset(
    {
        "invalid_request_error",
        "context_length_exceeded",
        "content_filter",
        "content_policy_violation",
        "request_too_large",
    }
)


def events(block: bytes) -> Iterator[bytes]:
    """The data of each event in a block of whole ones; comments have none."""
    return (data for _, data in sse.events(block))


def begins(block: bytes) -> bool:
    """Whether these events are more than a preamble. What cannot be read counts as text."""
    return any(_is_text(data) for data in events(block))


def error_in(block: bytes) -> dict[str, Any] | None:
    """The error that a provider tells inside its stream, unless the caller would meet it everywhere."""
    if b"error" not in block:
        return None
    for data in events(block):
        error = _error(_read(data))
        if error is not None and not _is_callers_fault(error):
            return error
    return None


def garbled(block: bytes) -> bytes | None:
    """The first event whose data should be JSON and is not."""
    return next((data for data in events(block) if data != sse.DONE and _read(data) is None), None)


def _is_text(data: bytes) -> bool:
    chunk = _read(data)
    if not isinstance(chunk, dict) or _error(chunk) is not None:
        return True
    if chunk.get("type") in _GREETINGS:
        return False
    choices = chunk.get("choices")
    return any(map(_says_something, choices)) if isinstance(choices, list) else True


def _says_something(choice: Any) -> bool:
    if not isinstance(choice, dict) or choice.get("finish_reason") or choice.get("text"):
        return True
    delta = choice.get("delta") or {}
    return not isinstance(delta, dict) or any(value for name, value in delta.items() if name != "role")


def _error(chunk: Any) -> dict[str, Any] | None:
    if not isinstance(chunk, dict):
        return None
    kind, error = chunk.get("type"), chunk.get("error")
    if kind == "response.failed":
        error = (chunk.get("response") or {}).get("error") or chunk
    elif kind == "error" and not error:
        error = chunk
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else None


def _is_callers_fault(error: dict[str, Any]) -> bool:
    return any(str(error.get(name)) in _CALLERS_FAULTS for name in ("type", "code"))


def _read(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
