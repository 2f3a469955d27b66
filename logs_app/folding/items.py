"""One output item of the Responses API while its events arrive."""

from __future__ import annotations

from typing import Any

from . import fragments

# delta event → (list of the item, index key, growing field, the part to start from)
PART_DELTAS: dict[str, tuple[str, str, str, str]] = {
    "response.output_text": ("content", "content_index", "text", "output_text"),
    "response.refusal": ("content", "content_index", "refusal", "refusal"),
    "response.reasoning_text": ("content", "content_index", "text", "reasoning_text"),
    "response.reasoning_summary_text": ("summary", "summary_index", "text", "summary_text"),
}
# event → (item type, growing field)
FIELD_DELTAS: dict[str, tuple[str, str]] = {
    "response.function_call_arguments": ("function_call", "arguments"),
    "response.mcp_call_arguments": ("mcp_call", "arguments"),
    "response.custom_tool_call_input": ("custom_tool_call", "input"),
    "response.code_interpreter_call_code": ("code_interpreter_call", "code"),
}
PARTS: dict[str, tuple[str, str]] = {
    "response.content_part": ("content", "content_index"),
    "response.reasoning_summary_part": ("summary", "summary_index"),
}
ANNOTATION = "response.output_text.annotation"
STILL_SILENT = frozenset({"message", "reasoning"})


def understands(kind: str) -> bool:
    name = kind.rpartition(".")[0]
    return name in PART_DELTAS or name in FIELD_DELTAS or name in PARTS or name == ANNOTATION


def is_visible(item: dict[str, Any], kind: str) -> bool:
    """A tool call shows with its first event, a message or a reasoning item with its text."""
    return kind.endswith(".done") or item.get("type") not in STILL_SILENT


class Item:
    __slots__ = ("_base", "_lists")

    def __init__(self, base: dict[str, Any]) -> None:
        self._base = base
        self._lists: dict[str, dict[int, Any]] = {}
        for key in ("content", "summary"):
            parts = base.get(key)
            if type(parts) is list:
                self._lists[key] = dict(enumerate(parts))

    def add(self, kind: str, data: dict[str, Any]) -> None:
        name, _, verb = kind.rpartition(".")
        if name in PART_DELTAS:
            self._add_text(PART_DELTAS[name], verb, data)
        elif name in FIELD_DELTAS:
            item_type, field = FIELD_DELTAS[name]
            self._base.setdefault("type", item_type)
            _grow(self._base, field, verb, data)
        elif name in PARTS:
            key, index_key = PARTS[name]
            part, index = data.get("part"), data.get(index_key)
            if type(part) is dict and type(index) is int:
                self._lists.setdefault(key, {})[index] = part
        elif name == ANNOTATION and verb == "added":
            self._annotate(data)

    def settled(self) -> dict[str, Any]:
        item = fragments.settle(self._base)
        for key, parts in self._lists.items():
            item[key] = [_settled(parts[index]) for index in sorted(parts)]
        return item

    def _add_text(self, rule: tuple[str, str, str, str], verb: str, data: dict[str, Any]) -> None:
        key, index_key, field, part_type = rule
        part = self._part(key, data.get(index_key), part_type)
        if part is None:
            return
        _grow(part, field, verb, data)
        logprobs = data.get("logprobs")
        if type(logprobs) is list and logprobs:
            if verb == "done" or type(part.get("logprobs")) is not list:
                part["logprobs"] = list(logprobs)
            else:
                part["logprobs"].extend(logprobs)

    def _annotate(self, data: dict[str, Any]) -> None:
        part = self._part("content", data.get("content_index"), "output_text")
        if part is not None:
            if type(part.get("annotations")) is not list:
                part["annotations"] = []
            part["annotations"].append(data.get("annotation"))

    def _part(self, key: str, index: Any, part_type: str) -> dict[str, Any] | None:
        if type(index) is not int:
            return None
        if key == "content":
            self._base.setdefault("type", "reasoning" if part_type == "reasoning_text" else "message")
        parts = self._lists.setdefault(key, {})
        part = parts.get(index)
        if type(part) is not dict:
            part = parts[index] = {"type": part_type}
        return part


def _grow(target: dict[str, Any], field: str, verb: str, data: dict[str, Any]) -> None:
    """A delta appends, the matching `done` event replaces with the full value."""
    if verb == "done":
        if type(data.get(field)) is str:
            target[field] = data[field]
    elif type(data.get("delta")) is str:
        fragments.append(target, field, data["delta"])


def _settled(part: Any) -> Any:
    return fragments.settle(part) if type(part) is dict else part
