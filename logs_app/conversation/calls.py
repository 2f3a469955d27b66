"""Tools: the calls of a model and what came back, whether the client, the provider or a server ran them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logs_app.jsonvalues import items, mapping, mappings, text_of

from .attachments import encoded
from .turns import Call, Data, Part, Result, Text

Nested = Callable[[Any], "list[Part]"]
USES = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
# Members of an item that say nothing of what its tool was asked.
ABOUT = frozenset(
    {"id", "call_id", "type", "status", "name", "output", "outputs", "results", "result", "error"}
)
PRINTED = ("stdout", "stderr", "logs", "text")


def read(kind: str, value: dict[str, Any], nested: Nested) -> Part | None:
    """A part or an item of this type; None for what is no tool's."""
    if kind in USES:
        tool = "" if kind == "tool_use" else kind.removesuffix("_use").replace("_", " ")
        return Call(text_of(value.get("id")), text_of(value.get("name")), value.get("input", ""), tool)
    if kind == "tool_result" or kind.endswith("_tool_result"):
        id = text_of(value.get("tool_use_id"))
        return Result(id, spoken(value.get("content"), nested), value.get("is_error") is True)
    if kind.endswith("_call_output"):
        return Result(text_of(value.get("call_id")), spoken(value.get("output"), nested))
    if kind.endswith("_call"):
        return _item(kind, value, nested)
    return None


def of_message(message: dict[str, Any]) -> list[Part]:
    """Those of a chat's message, today's list and the one function of old."""
    calls: list[Part] = [_of_chat(call) for call in mappings(message.get("tool_calls"))]
    function = mapping(message.get("function_call"))
    return [*calls, *([_function("", function)] if function else [])]


def _of_chat(call: dict[str, Any]) -> Call:
    return _function(text_of(call.get("id")), mapping(call.get("function")) or mapping(call.get("custom")))


def _function(id: str, function: dict[str, Any]) -> Call:
    given = next((function[key] for key in ("arguments", "input") if function.get(key)), "")
    return Call(id, text_of(function.get("name")), given)


def _item(kind: str, value: dict[str, Any], nested: Nested) -> Call:
    """An item of the responses API: a function of the client's, or a tool that the provider ran itself."""
    id = text_of(value.get("call_id")) or text_of(value.get("id"))
    tool = kind.removesuffix("_call").replace("_", " ")
    given = next((value[key] for key in ("arguments", "input", "code", "action") if value.get(key)), None)
    if given is None:
        given = {name: each for name, each in value.items() if name not in ABOUT and each}
    label = text_of(value.get("server_label"))
    call = Call(id, text_of(value.get("name")), given or "", "" if kind == "function_call" else tool)
    if label:
        call.tool = f"{tool} {label}"
    call.results = _given_back(kind, value, nested)
    return call


def _given_back(kind: str, value: dict[str, Any], nested: Nested) -> list[Result]:
    """What the item itself holds of its result."""
    if kind == "image_generation_call":
        picture = encoded("image", value.get("result"))
        return [Result("", [picture])] if picture.is_here else []
    results = [
        Result("", parts, name == "error")
        for name in ("output", "outputs", "results", "error")
        if value.get(name) and (parts := spoken(value[name], nested))
    ]
    return results


def spoken(content: Any, nested: Nested) -> list[Part]:
    """Tools answer with data more than with prose: letter for letter."""
    if isinstance(content, dict):
        return _printed(content) or _as_data(content, text_of(content.get("type")))
    parts = nested(content) if isinstance(content, str | list) else _as_data(content)
    for part in parts:
        if isinstance(part, Text):
            part.is_written = False
    return parts


def _as_data(content: Any, title: str = "") -> list[Part]:
    return [Data(title, content)] if content else []


def _printed(content: dict[str, Any]) -> list[Part]:
    """Of a program that was run: what it printed, and what else it made."""
    texts = [text for name in PRINTED if (text := text_of(content.get(name)))]
    if not texts and "stdout" not in content:
        return []
    printed: list[Part] = [Text(text, is_written=False) for text in texts]
    made = items(content.get("content"))
    code: list[Part] = [Data("return_code", content["return_code"])] if content.get("return_code") else []
    return [*printed, *([Data("content", made)] if made else []), *code]
