"""Legacy completion chunks put together into the `text_completion`."""

from __future__ import annotations

from typing import Any

from . import fragments
from .choices import ChoiceStream, extend_lists


class TextChoice:
    __slots__ = ("_fields", "_logprobs", "_text", "index")

    def __init__(self, index: int) -> None:
        self.index = index
        self._text: list[str] = []
        self._logprobs: dict[str, Any] | None = None
        self._fields: dict[str, Any] = {}

    def add(self, chunk: dict[str, Any]) -> bool:
        spoke = False
        for key, value in chunk.items():
            if value is None or key == "index":
                continue
            if key == "text" and type(value) is str:
                self._text.append(value)
                spoke = bool(value)
            elif key == "logprobs":
                self._logprobs = extend_lists(self._logprobs, value)
            elif key == "token_ids" and type(value) is list:
                self._fields.setdefault(key, []).extend(value)
            else:
                self._fields[key] = value
        return spoke

    def settled(self) -> dict[str, Any]:
        fields = dict(self._fields)
        return {
            "text": fragments.join(self._text) if self._text else "",
            "index": self.index,
            "logprobs": self._logprobs,
            "finish_reason": fields.pop("finish_reason", None),
            **fields,
        }


class Completions(ChoiceStream):
    object_name = "text_completion"
    choice = TextChoice

    def add(self, event: str, chunk: dict[str, Any]) -> None:
        value = chunk.get("value")
        if type(value) is str and "choices" not in chunk:
            # Writer streams bare pieces of text; without streaming it answers with choices.
            chunk = {"choices": [{"text": value}]}
        super().add(event, chunk)
