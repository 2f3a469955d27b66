"""Lists that a stream delivers entry by entry."""

from __future__ import annotations

from typing import Any

from . import fragments
from .fragments import Fragments

# Strings of an entry that are repeated, not continued: a signature comes whole.
SCALARS = frozenset({"id", "type", "format", "signature"})


class Entries:
    """A list that grows (annotations, images), with entries of one `index` merged (reasoning_details)."""

    def __init__(self) -> None:
        self._entries: list[Any] = []
        self._by_index: dict[int, dict[str, Any]] = {}

    def add(self, entries: list[Any]) -> None:
        for entry in entries:
            index = entry.get("index") if type(entry) is dict else None
            if type(index) is not int:
                self._entries.append(entry)
                continue
            if index not in self._by_index:
                self._by_index[index] = {}
                self._entries.append(self._by_index[index])
            fragments.merge(self._by_index[index], entry, SCALARS)

    def settled(self) -> list[Any]:
        return [fragments.settle(entry) if type(entry) is dict else entry for entry in self._entries]


class Parts:
    """Mistral streams content as a list of parts: neighbours of one kind are one part."""

    def __init__(self, growing: tuple[str, ...] = ("text", "thinking"), text_before: Any = None) -> None:
        self._growing = growing
        self._parts: list[Any] = []
        if type(text_before) is Fragments and any(text_before):
            self._parts.append({"type": "text", "text": text_before})

    def add(self, parts: list[Any]) -> None:
        for part in parts:
            kind = part.get("type") if type(part) is dict else None
            if kind not in self._growing:
                self._parts.append(part)
                continue
            last = self._parts[-1] if self._parts else None
            if type(last) is not dict or last.get("type") != kind:
                last = {"type": kind}
                self._parts.append(last)
            _continue(last, part)

    def settled(self) -> list[Any]:
        return [_settled(part) if type(part) is dict else part for part in self._parts]


def _continue(part: dict[str, Any], more: dict[str, Any]) -> None:
    thinking = more.get("thinking")
    if type(thinking) is not list:
        fragments.merge(part, more, SCALARS)
        return
    if type(part.get("thinking")) is not Parts:
        part["thinking"] = Parts(("text",))
    part["thinking"].add(thinking)
    fragments.merge(part, {key: value for key, value in more.items() if key != "thinking"}, SCALARS)


def _settled(part: dict[str, Any]) -> dict[str, Any]:
    settled = fragments.settle(part)
    if type(settled.get("thinking")) is Parts:
        settled["thinking"] = settled["thinking"].settled()
    return settled
