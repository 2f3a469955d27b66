"""Tokens of a request: chat, responses and Anthropic messages are read alike, by what they hold.

Rules of the cookbook: 3 per message, 1 for a name, 3 for the start of the reply. They are exact for text on
OpenAI's chat models (234 of 241 recorded prompts); tools, images and sound are approximations.
"""

from __future__ import annotations

from typing import Any

from . import images, sounds, tools
from .meter import Meter

REPLY = 3
OLDEST_CHAT = "gpt-3.5-turbo-0301"
REASONING = ("o1", "o3", "o4", "gpt-5")

# Of a message every text counts but these; of other items (calls, their outputs) only those.
OPAQUE = frozenset({"id", "type", "tool_call_id", "status", "phase"})
TEXTS = frozenset({"name", "arguments", "input", "output", "code", "text"})


def read_chat(meter: Meter, request: dict[str, Any], model: str | None) -> None:
    conversation = _conversation(request)
    per_message, per_name = (4, -1) if (model or "").endswith(OLDEST_CHAT) else (3, 1)
    for message in conversation:
        meter.add(per_message + (per_name if message.get("name") and "role" in message else 0))
        _read_item(meter, message, model)
    tools.read(meter, request)
    _read_schema(meter, request)
    if conversation:
        meter.add(REPLY - is_reasoning(model))


def read_text(meter: Meter, value: Any) -> None:
    """A prompt or an embedding's input: a text, a list of texts, or the tokens themselves."""
    if type(value) is str:
        meter.read(value)
    for part in value if type(value) is list else ():
        if type(part) is str:
            meter.read(part)
        else:
            meter.add(len(part) if type(part) is list else 1)


def is_reasoning(model: str | None) -> bool:
    """The formula says one too many for them (21 of 22 recorded prompts)."""
    return (model or "").rpartition("/")[2].startswith(REASONING)


def _conversation(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The system's words first, whatever the protocol calls them."""
    system = [
        {"role": "system", "content": request[key]} for key in ("instructions", "system") if request.get(key)
    ]
    said = request.get("messages") or request.get("input")
    if type(said) is str:
        said = [{"role": "user", "content": said}]
    return system + [item for item in (said if type(said) is list else ()) if type(item) is dict]


def _read_item(meter: Meter, item: dict[str, Any], model: str | None) -> None:
    is_message = "role" in item
    for key, value in item.items():
        if type(value) is str:
            if (is_message and key not in OPAQUE) or key in TEXTS:
                meter.read(value)
        elif key in ("content", "output", "summary"):
            _read_parts(meter, value, model)
        elif key == "tool_calls" and type(value) is list:
            for call in value:
                read_call(meter, call)
        elif key == "function_call":
            read_call(meter, {"function": value})


def _read_parts(meter: Meter, parts: Any, model: str | None) -> None:
    for part in parts if type(parts) is list else ():
        if type(part) is str:
            meter.read(part)
        elif type(part) is dict:
            _read_part(meter, part, model)


def _read_part(meter: Meter, part: dict[str, Any], model: str | None) -> None:
    kind = part.get("type")
    if kind in ("image_url", "input_image"):
        image = part.get("image_url")
        address, detail = (
            (image.get("url"), image.get("detail")) if type(image) is dict else (image, part.get("detail"))
        )
        meter.add(images.tokens(address, detail, model))
    elif kind == "image":
        source = part.get("source")
        meter.add(images.tokens_by_pixels(source.get("data") if type(source) is dict else None))
    elif kind == "input_audio":
        meter.add(sounds.tokens(part.get("input_audio")))
    elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        read_call(meter, {"function": part})
    else:
        for key in ("text", "refusal", "thinking"):
            if type(part.get(key)) is str:
                meter.read(part[key])
        content = part.get("content")
        meter.read(content) if type(content) is str else _read_parts(meter, content, model)


def read_call(meter: Meter, call: Any) -> None:
    """A tool call's name and what it was called with: JSON text, free text or (Anthropic) an object."""
    function = (call.get("function") or call.get("custom")) if type(call) is dict else None
    if type(function) is not dict:
        return
    for key in ("name", "arguments", "input"):
        value = function.get(key)
        if type(value) is str:
            meter.read(value)
        elif value is not None:
            tools.read_json(meter, value)


def _read_schema(meter: Meter, request: dict[str, Any]) -> None:
    wanted = request.get("response_format")
    text = request.get("text")
    if wanted is None and type(text) is dict:
        wanted = text.get("format")
    if type(wanted) is dict and wanted.get("type") == "json_schema":
        tools.read_json(meter, wanted.get("json_schema") or wanted.get("schema"))
