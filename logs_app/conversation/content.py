"""The content of a message: a text, or parts of many types. Their names hardly ever mean two things, so one
table reads those of chats, responses and Anthropic's messages; what is unknown stays JSON under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from logs_app.jsonvalues import items, mapping, text_of

from . import attachments, calls
from .turns import Citation, Data, Part, Reasoning, Refusal, Text

# A hostile body may nest its parts without end.
DEPTH = 8
TEXTS = frozenset({"text", "input_text", "output_text", "summary_text"})
THOUGHTS = frozenset({"thinking", "reasoning_text", "reasoning.text", "reasoning.summary"})
HIDDEN_THOUGHTS = frozenset({"redacted_thinking", "reasoning.encrypted"})


def read(content: Any, depth: int = DEPTH) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    if isinstance(content, list):
        return [part for value in content for part in _part(value, depth)]
    if isinstance(content, dict):
        return list(_part(content, depth))
    return [] if content is None else [Data("", content)]


def _part(value: Any, depth: int) -> Iterator[Part]:
    if isinstance(value, str):
        yield from [Text(value)] if value else []
        return
    if not isinstance(value, dict) or not depth:
        yield Data("", value)
        return
    kind = text_of(value.get("type"))
    if kind in TEXTS or not kind and isinstance(value.get("text"), str):
        yield _text(value)
    elif kind in THOUGHTS:
        yield Reasoning(_thought(value))
    elif kind in HIDDEN_THOUGHTS:
        yield Reasoning("")
    elif kind == "refusal":
        yield Refusal(text_of(value.get("refusal")))
    elif kind in attachments.READERS:
        yield attachments.READERS[kind](value)
    else:
        yield calls.read(kind, value, _nested(depth)) or Data(kind, value)


def _nested(depth: int) -> Callable[[Any], list[Part]]:
    return lambda content: read(content, depth - 1)


def _text(value: dict[str, Any]) -> Text:
    noted = [*items(value.get("annotations")), *items(value.get("citations"))]
    return Text(text_of(value.get("text")), [citation for note in noted if (citation := cited(note))])


def _thought(value: dict[str, Any]) -> str:
    """Mistral's is a list of texts."""
    said = value.get("thinking") or value.get("text") or value.get("summary")
    if isinstance(said, list):
        return "\n".join(text_of(mapping(part).get("text")) for part in said)
    return text_of(said)


def cited(note: Any) -> Citation | None:
    """OpenAI nests what it says of an address under the type, in chats."""
    if isinstance(note, str):
        return Citation("", note) if note.startswith(("http://", "https://")) else Citation(note)
    note = mapping(note)
    about = mapping(note.get("url_citation")) or note
    url = text_of(about.get("url"))
    names = ("title", "document_title", "filename", "file_id", "cited_text")
    title = next((name for key in names if (name := text_of(about.get(key)))), "")
    return Citation(title, url) if url or title else None
