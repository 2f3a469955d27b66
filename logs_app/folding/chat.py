"""Chat completion chunks put together into the `chat.completion` they would have been without streaming."""

from __future__ import annotations

from typing import Any

from . import fragments
from .audio import join_base64
from .choices import ChoiceStream, extend_lists
from .entries import Entries, Parts
from .fragments import Fragments
from .toolcalls import Function, ToolCalls

# Strings that are repeated, not continued. OpenRouter, Snowflake and z.ai send the role in every chunk.
SCALARS = frozenset({"role", "channel", "id", "type", "name", "format"})


class ChatChoice:
    __slots__ = ("_audio", "_fields", "_function", "_lists", "_logprobs", "_message", "_tools", "index")

    def __init__(self, index: int) -> None:
        self.index = index
        self._fields: dict[str, Any] = {}
        self._message: dict[str, Any] = {"role": None, "content": None}
        self._logprobs: dict[str, Any] | None = None
        self._tools: ToolCalls | None = None
        self._function: Function | None = None
        self._audio: dict[str, Any] | None = None
        self._lists: dict[str, Entries | Parts] = {}

    def add(self, chunk: dict[str, Any]) -> bool:
        """True when the chunk carried something that a reader would call a token."""
        for key, value in chunk.items():
            if value is None or key in ("delta", "message", "index"):
                continue
            if key == "logprobs":
                self._logprobs = extend_lists(self._logprobs, value)
            elif key == "token_ids" and type(value) is list:
                self._fields.setdefault(key, []).extend(value)  # vLLM: a list that grows
            else:
                self._fields[key] = value
        delta = chunk.get("delta")
        if delta is None:
            delta = chunk.get("message")
        return self._add_delta(delta) if type(delta) is dict else False

    def settled(self) -> dict[str, Any]:
        fields = dict(self._fields)
        return {
            "index": self.index,
            "message": self._settled_message(),
            "logprobs": self._logprobs,
            "finish_reason": fields.pop("finish_reason", None),
            **fields,
        }

    def _add_delta(self, delta: dict[str, Any]) -> bool:
        message = self._message
        spoke = False
        for key, value in delta.items():
            if type(value) is str:
                if key in SCALARS:
                    if value:
                        message[key] = value
                elif key in self._lists:
                    self._lists[key].add([{"type": "text", "text": value}])
                    spoke = True
                else:
                    fragments.append(message, key, value)
                    spoke = spoke or bool(value)
            elif value is None:
                if key not in ("tool_calls", "function_call"):
                    message.setdefault(key)
            else:
                spoke = self._add_structure(key, value) or spoke
        return spoke

    def _add_structure(self, key: str, value: Any) -> bool:
        if type(value) is list:
            return self._add_list(key, value)
        if type(value) is dict and key == "function_call":
            self._function = self._function or Function()
            self._function.add(value)
        elif type(value) is dict and key == "audio":
            self._audio = {} if self._audio is None else self._audio
            fragments.merge(self._audio, value, SCALARS)
        elif type(self._message.get(key)) is not Fragments:
            self._message[key] = value
            return False
        return True

    def _add_list(self, key: str, value: list[Any]) -> bool:
        if key == "tool_calls":
            if value:
                self._tools = self._tools or ToolCalls()
                self._tools.add(value)
        elif key in self._lists:
            self._lists[key].add(value)
        else:
            self._lists[key] = _start_list(key, self._message)
            self._lists[key].add(value)
        return bool(value)

    def _settled_message(self) -> dict[str, Any]:
        message = fragments.settle(self._message)
        message["role"] = message["role"] or "assistant"
        for key, entries in self._lists.items():
            message[key] = entries.settled()
        if self._tools is not None:
            message["tool_calls"] = self._tools.settled()
        if self._function is not None:
            message["function_call"] = self._function.settled()
        if self._audio is not None:
            message["audio"] = settle_audio(self._audio)
        return message


def _start_list(key: str, message: dict[str, Any]) -> Entries | Parts:
    return Parts(text_before=message.get(key)) if key == "content" else Entries()


class Chat(ChoiceStream):
    object_name = "chat.completion"
    choice = ChatChoice


def settle_audio(audio: dict[str, Any]) -> dict[str, Any]:
    settled = fragments.settle(audio)
    if type(audio.get("data")) is Fragments:
        settled["data"] = join_base64(audio["data"])
    return settled
