"""Tool calls of one choice, put together from fragments that each vendor numbers in its own way."""

from __future__ import annotations

from typing import Any

from . import fragments

# The two kinds of call, and the text of each that grows.
GROWING = {"function": "arguments", "custom": "input"}


class Function:
    """A name and one growing text; also the legacy `function_call`."""

    __slots__ = ("_fields", "_growing", "_name", "_name_length")

    def __init__(self, growing: str = "arguments") -> None:
        self._growing = growing
        self._name: list[str] = []
        self._name_length = 0
        self._fields: dict[str, Any] = {}

    def add(self, part: dict[str, Any]) -> None:
        for key, value in part.items():
            if key == "name":
                self._add_name(value)
            elif key == self._growing and type(value) is str:
                fragments.append(self._fields, key, value)
            elif value is not None or key not in self._fields:
                self._fields[key] = value  # Ollama sends arguments as an object: it stays one

    def settled(self) -> dict[str, Any]:
        settled = {
            "name": fragments.join(self._name) if self._name else None,
            **fragments.settle(self._fields),
        }
        if settled.get(self._growing) is None:
            settled[self._growing] = ""
        return settled

    def _add_name(self, value: Any) -> None:
        """Some vendors repeat the whole name in every chunk, others send it in pieces."""
        if type(value) is not str or not value:
            return
        if len(value) == self._name_length and value == "".join(self._name):
            return
        self._name.append(value)
        self._name_length += len(value)


class Call:
    __slots__ = ("_fields", "id")

    def __init__(self) -> None:
        self.id: Any = None
        self._fields: dict[str, Any] = {}

    def add(self, entry: dict[str, Any]) -> None:
        fields = self._fields
        for key, value in entry.items():
            if key in GROWING and type(value) is dict:
                if type(fields.get(key)) is not Function:
                    fields[key] = Function(GROWING[key])
                fields[key].add(value)
            elif key == "id" or key == "type":
                if value or key not in fields:
                    fields[key] = value
            elif key != "index" and (value is not None or key not in fields):
                fields[key] = value
        self.id = fields.get("id")

    def settled(self) -> dict[str, Any]:
        return {
            key: value.settled() if type(value) is Function else value for key, value in self._fields.items()
        }


class ToolCalls:
    __slots__ = ("_by_id", "_by_index", "_calls")

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._by_id: dict[str, Call] = {}

    def add(self, entries: list[Any]) -> None:
        for entry in entries:
            if type(entry) is dict:
                call = self._find(entry)
                call.add(entry)
                if type(call.id) is str:
                    self._by_id.setdefault(call.id, call)

    def settled(self) -> list[dict[str, Any]]:
        return [call.settled() for call in self._calls]

    def _find(self, entry: dict[str, Any]) -> Call:
        index = entry.get("index")
        call_id = entry.get("id")
        if type(index) is int:
            call = self._by_index.get(index)
            if call is None or _is_another(call, call_id, entry):
                call = self._by_index[index] = self._new()
            return call
        if type(call_id) is str and call_id:
            return self._by_id.get(call_id) or self._new()
        return self._new() if _name(entry) or not self._calls else self._calls[-1]

    def _new(self) -> Call:
        self._calls.append(Call())
        return self._calls[-1]


def _is_another(call: Call, call_id: Any, entry: dict[str, Any]) -> bool:
    """Ollama and Gemini's compatible endpoint send index 0 for every parallel call (litellm#7621)."""
    return bool(call_id and call.id and call_id != call.id and _name(entry))


def _name(entry: dict[str, Any]) -> Any:
    function = entry.get("function") or entry.get("custom")
    return function.get("name") if type(function) is dict else None
