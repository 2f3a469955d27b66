"""The words of a record that can be searched for, out of what is stored of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from logs_app import payloads
from logs_app.models import LogPayload, LogRecord
from logs_app.search.spelling import spelled

# Of the question and of the answer each, in characters as they were written.
LONGEST = 4000
DEPTH = 8
# Where words are, in the order in which they are taken: rules that every call repeats come last.
SPOKEN = (
    "messages", "input", "prompt", "query", "choices", "message", "content", "text", "refusal", "transcript",
    "output", "reasoning_content", "reasoning", "thinking", "summary", "tool_calls", "function_call",
    "function", "custom", "name", "arguments", "parts", "audio", "data", "revised_prompt", "documents",
    "error", "instructions", "system",
)  # fmt: skip
IN_REVERSE = ("messages", "input")


def of_record(record: LogRecord, payload: LogPayload | None) -> str:
    """Folded; empty when nothing of it was kept. The previews speak for a body that is away or unreadable."""
    asked = _of_body(payload.request_body if payload else None, record.request_preview)
    answered = _of_body(payload.response_body if payload else None, record.response_preview)
    return spelled("\n".join(filter(None, (asked, answered, record.error_message))))


def _of_body(stored: Any, preview: str) -> str:
    said = _shown(_words(_parsed(payloads.unpack(stored)))) if stored else ""
    return said or preview


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        return None if b"\0" in content else content[: LONGEST * 4].decode("utf-8", "strict")
    except UnicodeDecodeError:
        return None


def _words(value: Any, depth: int = DEPTH) -> Iterator[str]:
    if type(value) is str:
        yield value
    elif depth and type(value) is list:
        for part in value:
            yield from _words(part, depth - 1)
    elif depth and type(value) is dict:
        for key in SPOKEN:
            part = value.get(key)
            if part:
                # The newest words of a conversation are asked for, and the history was recorded before.
                newest_first = key in IN_REVERSE and type(part) is list
                yield from _words(part[::-1] if newest_first else part, depth - 1)


def _shown(words: Iterable[str]) -> str:
    shown, room = [], LONGEST
    for text in words:
        if room <= 0:
            break
        if _is_readable(text):
            shown.append(text[:room])
            room -= len(shown[-1]) + 1
    return "\n".join(shown)


def _is_readable(text: str) -> bool:
    """Pictures and sounds in base64 are no words."""
    return not text.startswith("data:") and (len(text) < 1000 or " " in text[:1000] or not text.isascii())
