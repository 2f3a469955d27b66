"""What one event of a stream adds to the answer, so that one need not read its JSON."""

from __future__ import annotations

from typing import Any

from logs_app.chatmembers import THOUGHTS
from logs_app.jsontext import loads
from logs_app.jsonvalues import mapping, mappings, text_of

LONGEST = 200
_WORDS = ("content", "refusal", "text", "name", "arguments", "partial_json")


def of(data: str) -> str:
    """Empty for events that add nothing, and for what is no JSON."""
    try:
        event = loads(data.encode("utf-8", "replace"))
    except ValueError:
        return ""
    return _said(mapping(event))[:LONGEST]


def _said(event: dict[str, Any]) -> str:
    choices = mappings(event.get("choices"))
    if choices:
        return "".join(map(_choice, choices))
    delta = event.get("delta")
    if isinstance(delta, dict):
        return _words(delta)
    return text_of(delta) or text_of(mapping(event.get("error")).get("message"))


def _choice(choice: dict[str, Any]) -> str:
    delta = mapping(choice.get("delta"))
    calls = (mapping(call.get("function")) for call in mappings(delta.get("tool_calls")))
    return "".join([_words(delta), *map(_words, calls), text_of(choice.get("text"))])


def _words(delta: dict[str, Any]) -> str:
    return "".join(text_of(delta.get(name)) for name in (*THOUGHTS, *_WORDS))
