"""Responses API events put together into the `response` object.

The terminal event carries the whole object and is taken as it is. Items are rebuilt beside it from their own
events, for the streams that are cut before it and for servers whose terminal event has no output.
"""

from __future__ import annotations

from typing import Any

from . import fragments, items
from .audio import join_base64

TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done"}
)


class Responses:
    def __init__(self) -> None:
        self.done = False
        self.error: Any = None
        self.saw_token = False
        self.gaps = 0
        self._sequence: int | None = None
        self._response: dict[str, Any] = {}
        self._items: dict[int, items.Item] = {}
        self._audio: dict[str, Any] = {}

    def add(self, event: str, data: dict[str, Any]) -> None:
        kind = data.get("type") or event
        self._count_gap(data.get("sequence_number"))
        delta = data.get("delta")
        if type(delta) is str and delta:
            self.saw_token = True
        response = data.get("response")
        if type(response) is dict:
            self._take_response(kind, response)
        elif type(kind) is str and kind.startswith("response."):
            self._take_part(kind, data)
        elif kind == "error" or data.get("error"):
            self._fail(data.get("error") or {k: v for k, v in data.items() if k != "sequence_number"})

    def close(self) -> None:
        """`[DONE]`, which OpenRouter sends: without a terminal event it says nothing about the response."""

    def body(self) -> dict[str, Any]:
        response = self._response or {"object": "response"}
        if not self.done or not response.get("output"):
            response = {**response, "output": self._rebuilt(response.get("output"))}
        if self._audio and not self.done:
            response = {**response, "audio": self._settled_audio()}
        return response

    def _count_gap(self, number: Any) -> None:
        if type(number) is not int:
            return
        if self._sequence is not None and number != self._sequence + 1:
            self.gaps += 1
        self._sequence = number

    def _take_response(self, kind: Any, response: dict[str, Any]) -> None:
        if self.done:
            return
        self._response = response
        if kind in TERMINAL:
            self.done = True
            if kind == "response.failed":
                self._fail(response.get("error") or {"message": "response.failed"})

    def _take_part(self, kind: str, data: dict[str, Any]) -> None:
        delta = data.get("delta")
        if kind.startswith("response.audio."):
            if type(delta) is str:
                fragments.append(self._audio, "transcript" if "transcript" in kind else "data", delta)
            return
        index = data.get("output_index")
        if type(index) is not int:
            return
        if kind in ("response.output_item.added", "response.output_item.done"):
            item = data.get("item")
            if type(item) is dict:
                self._items[index] = items.Item(item)
                self.saw_token = self.saw_token or items.is_visible(item, kind)
            return
        if index not in self._items and items.understands(kind):
            self._items[index] = items.Item({})
        if index in self._items:
            self._items[index].add(kind, data)

    def _rebuilt(self, known: Any) -> list[Any]:
        output = dict(enumerate(known)) if type(known) is list else {}
        output.update((index, item.settled()) for index, item in self._items.items())
        return [output[index] for index in sorted(output)]

    def _fail(self, error: Any) -> None:
        if self.error is None:
            self.error = error

    def _settled_audio(self) -> dict[str, Any]:
        audio = fragments.settle(self._audio)
        if "data" in self._audio:
            audio["data"] = join_base64(self._audio["data"])
        return audio
