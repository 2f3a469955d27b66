"""All that an answer says, as one text: what two answers are compared by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

DEPTH = 6
_SPOKEN = ("text", "refusal", "transcript", "content", "summary")


def of(body: Any) -> str:
    """Of chats, completions, responses and messages; of other JSON "", which says nothing."""
    if isinstance(body, str):
        return body
    return "\n".join(_said(body)) if isinstance(body, dict) else ""


def _said(body: dict[str, Any]) -> Iterator[str]:
    for choice in _dicts(body.get("choices")):
        message = choice.get("message")
        yield from _message(message) if isinstance(message, dict) else _texts(choice.get("text"))
    for item in _dicts(body.get("output")) or _dicts(body.get("content")):
        yield from _item(item)
    if isinstance(body.get("text"), str):
        yield body["text"]
    error = body.get("error")
    if isinstance(error, dict):
        yield from _texts(error.get("message"))


def _message(message: dict[str, Any]) -> Iterator[str]:
    for name in ("content", "refusal"):
        yield from _texts(message.get(name))
    audio = message.get("audio")
    if isinstance(audio, dict):
        yield from _texts(audio.get("transcript"))
    for call in _dicts(message.get("tool_calls")):
        yield from _call(call.get("function") or call.get("custom"))
    yield from _call(message.get("function_call"))


def _item(item: dict[str, Any]) -> Iterator[str]:
    """An output item of the responses API, or a content block of Anthropic's."""
    if "name" in item:
        yield from _call(item)
    elif item.get("type") != "reasoning":
        yield from _texts(item)


def _call(function: Any) -> Iterator[str]:
    if isinstance(function, dict) and function.get("name"):
        given = function.get("arguments") or function.get("input") or ""
        yield f"{function['name']}({given if isinstance(given, str) else _json(given)})"


def _texts(value: Any, depth: int = DEPTH) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if value else []
    elif depth and isinstance(value, list):
        for part in value:
            yield from _texts(part, depth - 1)
    elif depth and isinstance(value, dict):
        for name in _SPOKEN:
            yield from _texts(value.get(name), depth - 1)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested beyond reason, or half a surrogate
        return "…"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
