"""What a request says, as turns; and what it says besides, its options and tools."""

from __future__ import annotations

from typing import Any

from logs_app.jsonvalues import items, mapping, text_of
from logs_app.multipart import Upload

from . import content, messages, responses
from .turns import Data, Media, Part, Text, Turn

# Where the words of a request are; everything else that it has is an option.
SAID = frozenset(
    {
        "contents",
        "functions",
        "input",
        "instructions",
        "messages",
        "model",
        "prompt",
        "query",
        "system",
        "tools",
    }
)
SYSTEM = ("system", "instructions")


def read(request: Any, uploads: list[Upload]) -> list[Turn]:
    if not isinstance(request, dict):
        return [Turn("user", _anything(request))] if request else []
    turns = [Turn("system", parts) for name in SYSTEM if (parts := content.read(request.get(name)))]
    if isinstance(request.get("messages"), list):
        return turns + [messages.read(message) for message in request["messages"]]
    if "input" in request:
        turns += responses.read(_numbers_folded(request["input"]))
    elif request.get("prompt") or request.get("query"):
        turns.append(Turn("user", _prompt(request)))
    sent = [_media(upload) for upload in uploads]
    if sent:
        turns.append(Turn("user", [*sent]))
    return turns or ([Turn("user", [Data("", request)])] if request else [])


def _anything(request: Any) -> list[Part]:
    if isinstance(request, str):
        return [Text(request, is_written=False)]
    return [Data("", request)]


def _prompt(request: dict[str, Any]) -> list[Part]:
    parts = content.read(_numbers_folded(request.get("prompt") or request.get("query")))
    for part in parts:
        if isinstance(part, Text):
            part.is_written = False
    suffix = text_of(request.get("suffix"))
    return [*parts, Data("suffix", suffix)] if suffix else parts


def _numbers_folded(said: Any) -> Any:
    """Tokens instead of words: one list of numbers is one value, not a part for each number."""
    is_tokens = isinstance(said, list) and said and all(isinstance(number, int) for number in said)
    if is_tokens:
        return {"type": "tokens", "tokens": said}
    if isinstance(said, list) and said and all(isinstance(each, list) for each in said):
        return {"type": "tokens", "tokens": said}
    return said


def _media(upload: Upload) -> Media:
    form = upload.content_type.partition("/")[0]
    form = form if form in ("image", "audio") else "file"
    return Media(form, upload.filename, content=upload.content, content_type=upload.content_type)


def options(request: Any) -> dict[str, Any]:
    said = mapping(request).items()
    return {name: value for name, value in said if name not in SAID and value not in (None, "", [], {})}


def tools(request: Any) -> list[Data]:
    """Each by its name; what one gives to the model to choose from."""
    request = mapping(request)
    return [_tool(tool) for tool in [*items(request.get("tools")), *items(request.get("functions"))]]


def _tool(tool: Any) -> Data:
    about = mapping(tool)
    function = mapping(about.get("function")) or about
    return Data(text_of(function.get("name")) or text_of(about.get("type")), tool)
