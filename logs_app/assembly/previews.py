"""One look at what was asked and what was answered, for lists: at most 1024 characters of plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logs_app.chatmembers import called, thought_of
from logs_app.folding import Folded
from logs_app.presentation.summaries import summary

LONGEST = 1024
# A hostile body may nest its parts without end.
DEPTH = 6

QUESTIONS = ("prompt", "input", "query", "instructions", "file", "image", "purpose", "input_file_id")
# An answer of these that says nothing said nothing.
SPOKEN = frozenset({"chat", "completion", "message"})


def of_request(request_body: Any) -> str:
    """The last words of the user; of requests that are no conversation, what they ask for."""
    if type(request_body) is str:
        return _shown([request_body])
    if type(request_body) is not dict:
        return ""
    conversation = request_body.get("messages") or request_body.get("input")
    said = _last_question(conversation)
    return said or next((text for key in QUESTIONS if (text := _text(request_body.get(key)))), "")


def of_response(folded: Folded) -> str:
    """The answer's text; where there is none, the call, the refusal or the error that came instead."""
    body = folded.body
    if type(body) is not dict:
        return _shown([folded.text or (f"[{folded.kind}]" if folded.kind in ("audio", "binary") else "")])
    text = _answer(folded.kind, body) or _error(folded.error)
    return text or (_shown([summary(folded.kind, body)]) if folded.kind not in SPOKEN else "")


def _last_question(conversation: Any) -> str:
    items = [item for item in conversation if type(item) is dict] if type(conversation) is list else []
    of_user = [item for item in items if item.get("role") == "user"]
    for item in reversed(of_user):
        # In an agent's loop the newest user message may hold nothing but the outputs of tools.
        text = _shown(_texts([part for part in _parts(item.get("content")) if not _is_tool_result(part)]))
        if text:
            return text
    return next((text for item in reversed(items) if (text := _text(item))), "")


def _answer(kind: str, body: dict[str, Any]) -> str:
    if kind in ("chat", "completion"):
        choices = body.get("choices")
        first = choices[0] if type(choices) is list and choices else None
        return _choice(first) if type(first) is dict else ""
    if kind == "response":
        return _items(body.get("output"), ("message",))
    if kind == "message":
        return _items(body.get("content"), ("text",))
    return _shown(body[key] for key in ("text",) if type(body.get(key)) is str)


def _choice(choice: dict[str, Any]) -> str:
    message = choice.get("message")
    if type(message) is not dict:
        return _text(choice.get("text"))
    audio = message.get("audio")
    said = (
        message.get("content"),
        message.get("refusal"),
        audio.get("transcript") if type(audio) is dict else None,
    )
    calls = [*_parts(message.get("tool_calls")), {"function": message.get("function_call")}]
    return (
        next((text for value in said if (text := _text(value))), "")
        or _shown(_calls(calls))
        or _text(thought_of(message))
    )


def _items(items: Any, spoken: tuple[str, ...]) -> str:
    found = [item for item in _parts(items) if type(item) is dict]
    return (
        _shown(_texts([item for item in found if item.get("type") in spoken]))
        or _shown(_calls([{"function": item} for item in found]))
        or _text(found)
    )


def _calls(calls: list[Any]) -> Iterator[str]:
    for call in calls:
        function = (call.get("function") or call.get("custom")) if type(call) is dict else None
        if named := called(function):
            yield "{}({})".format(*named)


def _error(error: Any) -> str:
    if type(error) is dict:
        return _text(error.get("message"))
    return _text(error)


def _is_tool_result(part: Any) -> bool:
    return type(part) is dict and part.get("type") == "tool_result"


def _parts(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


def _text(value: Any) -> str:
    return _shown(_texts(value))


def _texts(value: Any, depth: int = DEPTH) -> Iterator[str]:
    """Every text of a content, part by part, in order."""
    if type(value) is str:
        yield value
    elif depth and type(value) is list:
        for part in value:
            yield from _texts(part, depth - 1)
    elif depth and type(value) is dict:
        for key in ("text", "refusal", "thinking", "content", "output", "summary"):
            if value.get(key):
                yield from _texts(value[key], depth - 1)
        if value.get("type") in ("image_url", "input_image", "image", "input_audio", "file", "input_file"):
            yield _named(value)


def _named(part: dict[str, Any]) -> str:
    """A picture, sound or file by its kind, and by its name where it has one."""
    kind = part["type"].removeprefix("input_").removesuffix("_url")
    file = part.get("file") if type(part.get("file")) is dict else part
    name = file.get("filename") if type(file) is dict else None
    return f"[{kind} {name}]" if type(name) is str and name else f"[{kind}]"


def _shown(texts: Iterator[str] | list[str]) -> str:
    """Joined by lines and cut; without what PostgreSQL refuses in a text: NUL and lone surrogates."""
    shown, length = [], 0
    for text in texts:
        if text:
            shown.append(text[:LONGEST].replace("\0", ""))
            length += len(shown[-1]) + 1
        if length > LONGEST:
            break
    return "\n".join(shown)[:LONGEST].encode("utf-8", "replace").decode()
