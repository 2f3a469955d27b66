"""What chat and legacy completion streams have in common: the frame around the choices."""

from __future__ import annotations

from typing import Any, Protocol

import orjson

from . import sse

# Azure's first chunk has placeholders ("" and 0): the first value that says something wins.
IDENTITY = frozenset({"id", "created", "model"})
# Padding, and an echo of the request.
DROPPED = frozenset({"choices", "object", "obfuscation", "stream_options"})


def is_usage_only(event: bytes) -> bool:
    """The extra chunk of `include_usage`: no choices, a usage object."""
    try:
        chunk = orjson.loads(b"".join(data for _, data in sse.events(event)))
    except orjson.JSONDecodeError:
        return False
    return type(chunk) is dict and chunk.get("choices") == [] and type(chunk.get("usage")) is dict


class Choice(Protocol):
    def __init__(self, index: int) -> None: ...

    def add(self, chunk: dict[str, Any]) -> bool: ...

    def settled(self) -> dict[str, Any]: ...


class ChoiceStream:
    """Chunks with a list of choices in, the object of the same call without streaming out."""

    gaps = 0
    object_name: str
    choice: type[Choice]

    def __init__(self) -> None:
        self.done = False
        self.error: Any = None
        self.saw_token = False
        self._top: dict[str, Any] = {}
        self._usage: dict[str, Any] | None = None
        self._choices: dict[int, Choice] = {}

    def add(self, event: str, chunk: dict[str, Any]) -> None:
        if (event == "error" or chunk.get("object") == "error") and not chunk.get("error"):
            chunk = {"error": chunk}  # older vLLM: the error is the whole event
        for key, value in chunk.items():
            if value is not None and key not in DROPPED:
                self._set(key, value)
        choices = chunk.get("choices")
        if type(choices) is list:
            for choice in choices:
                if type(choice) is dict:
                    self._add_choice(choice)

    def close(self) -> None:
        """The end marker `[DONE]` was read."""
        self.done = True

    def body(self) -> dict[str, Any]:
        top = {key: value for key, value in self._top.items() if key not in IDENTITY}
        return {
            "id": self._top.get("id"),
            "object": self.object_name,
            "created": self._top.get("created"),
            "model": self._top.get("model"),
            "choices": [self._choices[index].settled() for index in sorted(self._choices)],
            "usage": self._usage,
            **top,
        }

    def _set(self, key: str, value: Any) -> None:
        if key in IDENTITY:
            if not self._top.get(key):
                self._top[key] = value
        elif key == "usage":
            # Usages are never added up: DeepSeek repeats the running total in every chunk.
            if type(value) is dict:
                self._usage = value
        elif key == "error":
            if value and self.error is None:
                self.error = value
        else:
            self._top[key] = value

    def _add_choice(self, chunk: dict[str, Any]) -> None:
        index = chunk.get("index")
        if type(index) is not int:
            index = 0
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = self.choice(index)
        if choice.add(chunk):
            self.saw_token = True


def extend_lists(target: dict[str, Any] | None, part: Any) -> dict[str, Any] | None:
    """Log probabilities: lists grow, else the last non-null wins; null until some chunk had an object."""
    if type(part) is not dict:
        return target
    if target is None:
        target = {}
    for key, value in part.items():
        held = target.get(key)
        if type(held) is list and type(value) is list:
            held.extend(value)
        elif value is not None or key not in target:
            target[key] = value
    return target
