"""What an answer says, passage by passage: its thoughts, its text, each call of a tool.

Of chats, completions, responses, messages and transcriptions, whole or still growing; each passage only
grows at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from logs_app.jsontext import glimpse

THOUGHT, TEXT, REFUSAL, CALL = "thought", "text", "refusal", "call"
THOUGHTS = ("reasoning_content", "reasoning", "thinking")


class Passage(NamedTuple):
    kind: str
    name: str  # of the tool that is called
    text: str


def of(body: Any) -> list[Passage]:
    if not isinstance(body, dict):
        return []
    found = [passage for choice in _dicts(body.get("choices")) for passage in _choice(choice)]
    for item in _dicts(body.get("output")) or _dicts(body.get("content")):
        found += _item(item)
    found.append(Passage(TEXT, "", _text(body.get("text"))))  # a transcription
    return [passage for passage in found if passage.text or passage.name]


def _choice(choice: dict[str, Any]) -> Iterator[Passage]:
    message = choice.get("message")
    if not isinstance(message, dict):
        yield Passage(TEXT, "", _text(choice.get("text")))
        return
    yield Passage(THOUGHT, "", next((said for name in THOUGHTS if (said := _text(message.get(name)))), ""))
    yield Passage(TEXT, "", _text(message.get("content")))
    yield Passage(REFUSAL, "", _text(message.get("refusal")))
    audio = message.get("audio")
    yield Passage(TEXT, "", _text(audio.get("transcript")) if isinstance(audio, dict) else "")
    for call in _dicts(message.get("tool_calls")):
        yield from _call(call.get("function") or call.get("custom"))
    yield from _call(message.get("function_call"))


def _item(item: dict[str, Any]) -> Iterator[Passage]:
    """An output item of the responses API, or a content block of Anthropic's."""
    kind = item.get("type")
    if kind == "reasoning":
        yield Passage(THOUGHT, "", _text(item.get("summary")) or _text(item.get("content")))
    elif kind == "thinking":
        yield Passage(THOUGHT, "", _text(item.get("thinking")))
    elif "name" in item:
        yield from _call(item)
    else:
        yield Passage(TEXT, "", _text(item.get("text")) or _text(item.get("content")))


def _call(function: Any) -> Iterator[Passage]:
    if isinstance(function, dict) and function.get("name"):
        given = function.get("arguments") or function.get("input") or ""
        yield Passage(CALL, str(function["name"]), given if isinstance(given, str) else glimpse(given))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = (part.get("text") or part.get("refusal") for part in _dicts(value))
    return "\n".join(text for text in parts if isinstance(text, str))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
