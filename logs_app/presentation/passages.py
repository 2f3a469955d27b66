"""What an answer says, passage by passage: its thoughts, its text, each call of a tool.

Of chats, completions, responses, messages and transcriptions, whole or still growing; each passage only
grows at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from logs_app.chatmembers import called, thought_of
from logs_app.jsonvalues import mappings

THOUGHT, TEXT, REFUSAL, CALL = "thought", "text", "refusal", "call"


class Passage(NamedTuple):
    kind: str
    name: str  # of the tool that is called
    text: str


def of(body: Any) -> list[Passage]:
    if not isinstance(body, dict):
        return []
    found = [passage for choice in mappings(body.get("choices")) for passage in _choice(choice)]
    for item in mappings(body.get("output")) or mappings(body.get("content")):
        found += _item(item)
    found.append(Passage(TEXT, "", _text(body.get("text"))))  # a transcription
    return [passage for passage in found if passage.text or passage.name]


def _choice(choice: dict[str, Any]) -> Iterator[Passage]:
    message = choice.get("message")
    if not isinstance(message, dict):
        yield Passage(TEXT, "", _text(choice.get("text")))
        return
    yield Passage(THOUGHT, "", _text(thought_of(message)))
    yield Passage(TEXT, "", _text(message.get("content")))
    yield Passage(REFUSAL, "", _text(message.get("refusal")))
    audio = message.get("audio")
    yield Passage(TEXT, "", _text(audio.get("transcript")) if isinstance(audio, dict) else "")
    for call in mappings(message.get("tool_calls")):
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
    if call := called(function):
        yield Passage(CALL, *call)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = (part.get("text") or part.get("refusal") for part in mappings(value))
    return "\n".join(text for text in parts if isinstance(text, str))
