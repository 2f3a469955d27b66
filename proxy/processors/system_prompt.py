"""Puts the system prompt of the operator before, after or in the place of the caller's.

A part of a message is added where the caller's own system prompt is one; some models take only one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from logs_app.chatmembers import PROMPT_ROLES

from .options import Options, required
from .step import Context, Document

PREPEND, APPEND, REPLACE = MODES = ("prepend", "append", "replace")


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    needs_document: ClassVar[bool] = True
    prompt: str
    mode: str

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        return cls(required(value, "the system prompt"), options.choice("mode", MODES))

    async def process(self, document: Document, context: Context) -> Document:
        if context.path.startswith("/v1/messages"):
            return document | {"system": self._joined(document.get("system"), "text")}
        if isinstance(document.get("messages"), list):
            return document | {"messages": self._in_messages(document["messages"])}
        if context.path.startswith("/v1/responses"):
            return self._in_responses(document)
        return document

    def _in_messages(self, messages: list[Any]) -> list[Any]:
        if self.mode == REPLACE:
            return [self._message(), *_without_system(messages)]
        own = [number for number, message in enumerate(messages) if _is_system(message)]
        if not own:
            return [self._message(), *messages]
        place = own[0] if self.mode == PREPEND else own[-1]
        message = messages[place]
        joined = message | {"content": self._joined(message.get("content"), "text")}
        return [*messages[:place], joined, *messages[place + 1 :]]

    def _in_responses(self, document: Document) -> Document:
        changed = document | {"instructions": self._joined(document.get("instructions"), "input_text")}
        if self.mode == REPLACE and isinstance(document.get("input"), list):
            changed["input"] = _without_system(document["input"])
        return changed

    def _joined(self, content: Any, kind: str) -> Any:
        """With what the caller said: a text, a list of parts, or nothing."""
        if self.mode == REPLACE or not content:
            return self.prompt
        part = {"type": kind, "text": self.prompt}
        if isinstance(content, list):
            return [part, *content] if self.mode == PREPEND else [*content, part]
        texts = (self.prompt, str(content)) if self.mode == PREPEND else (str(content), self.prompt)
        return "\n\n".join(texts)

    def _message(self) -> dict[str, str]:
        return {"role": "system", "content": self.prompt}


def _is_system(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in PROMPT_ROLES


def _without_system(messages: Iterable[Any]) -> list[Any]:
    return [message for message in messages if not _is_system(message)]
