"""Tokens of an answer. What a reasoning model hides cannot be counted."""

from __future__ import annotations

from typing import Any

from logs_app.chatmembers import thought_of
from logs_app.jsonvalues import mappings

from .meter import Meter
from .prompts import read_call

# What OpenAI's models write around a call, from recorded bills.
CALL, PARALLEL_CALL = 7, 14


def read(meter: Meter, kind: str, body: dict[str, Any]) -> None:
    if kind in ("chat", "completion"):
        for choice in mappings(body.get("choices")):
            _read_text(meter, choice.get("text"))
            message = choice.get("message")
            if type(message) is dict:
                _read_message(meter, message)
    else:
        for item in mappings(body.get("output" if kind == "response" else "content")):
            _read_item(meter, item)


def _read_message(meter: Meter, message: dict[str, Any]) -> None:
    _read_text(meter, message.get("content"))
    _read_text(meter, message.get("refusal"))
    _read_text(meter, thought_of(message))
    calls = mappings(message.get("tool_calls"))
    for call in calls:
        read_call(meter, call)
    meter.add(len(calls) * (PARALLEL_CALL if len(calls) > 1 else CALL))
    read_call(meter, {"function": message.get("function_call")})
    audio = message.get("audio")
    if type(audio) is dict:
        _read_text(meter, audio.get("transcript"))


def _read_item(meter: Meter, item: dict[str, Any]) -> None:
    """An output item of the responses API, or a content block of Anthropic's."""
    for key in ("text", "thinking", "code", "summary"):
        _read_text(meter, item.get(key))
    if item.get("type") in ("message", "reasoning"):
        _read_text(meter, item.get("content"))
    if "name" in item:
        read_call(meter, {"function": item})
    if item.get("type") == "function_call":
        meter.add(CALL)


def _read_text(meter: Meter, value: Any) -> None:
    if type(value) is str:
        meter.read(value)
    for part in mappings(value):
        for key in ("text", "refusal", "thinking"):
            _read_text(meter, part.get(key))
