"""Where a request has texts, and how to put others in their places.

Told by the names of the members, so that one reading serves chat, responses, messages, completions and
embeddings: `messages`, `system`, `instructions`, `input`, `prompt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .step import Document

ROLES = ("system", "user", "assistant", "tool")
_OF_THE_SYSTEM = ("system", "instructions")
_OF_THE_CONVERSATION = ("messages", "input", "prompt")
MEMBERS = (*_OF_THE_SYSTEM, *_OF_THE_CONVERSATION)
_SAME_ROLES = {"developer": "system", "function": "tool"}
_TEXT_PARTS = ("text", "input_text", "output_text")

Path = tuple[str | int, ...]


class Place(NamedTuple):
    role: str
    path: Path
    text: str


def places(document: Document) -> Iterator[Place]:
    """In the order of the conversation; what a system prompt says comes first."""
    for name in _OF_THE_SYSTEM:
        yield from _content("system", (name,), document.get(name))
    for name in _OF_THE_CONVERSATION:
        yield from _turns((name,), document.get(name))


def last_of_user(document: Document) -> list[Place]:
    """The texts of the last message of the user's that has any."""
    found = [place for place in places(document) if place.role == "user"]
    return [place for place in found if place.path[:2] == found[-1].path[:2]]


def put(document: Document, texts: Mapping[Path, str | None]) -> Document:
    """With these texts in their places; None takes the part of a message that holds it away."""
    for path, text in texts.items():
        # From the last to the first, so that what is taken away moves nothing that is still looked for.
        document = _replaced(document, path, text)
    return document


def _turns(path: Path, node: Any) -> Iterator[Place]:
    if isinstance(node, str):
        yield Place("user", path, node)
    for number, turn in enumerate(node if isinstance(node, list) else ()):
        here = (*path, number)
        if isinstance(turn, str):
            yield Place("user", here, turn)
        elif isinstance(turn, dict) and turn.get("type") == "function_call_output":
            yield from _content("tool", (*here, "output"), turn.get("output"))
        elif isinstance(turn, dict):
            yield from _content(_role(turn.get("role")), (*here, "content"), turn.get("content"))


def _content(role: str, path: Path, node: Any) -> Iterator[Place]:
    if isinstance(node, str):
        yield Place(role, path, node)
    for number, part in enumerate(node if isinstance(node, list) else ()):
        if not isinstance(part, dict):
            continue
        if part.get("type") in _TEXT_PARTS and isinstance(part.get("text"), str):
            yield Place(role, (*path, number, "text"), part["text"])
        elif part.get("type") == "tool_result":
            yield from _content("tool", (*path, number, "content"), part.get("content"))


def _role(given: Any) -> str:
    return _SAME_ROLES.get(given, given) if isinstance(given, str) else "user"


def _replaced(node: Any, path: Path, text: str | None) -> Any:
    """A copy along the path; all beside it is shared."""
    if not path:
        return text
    head, *rest = path
    if text is None and isinstance(node, list) and len(rest) == 1:
        return node[: int(head)] + node[int(head) + 1 :]
    copy = node.copy()
    copy[head] = _replaced(node[head], tuple(rest), text)
    return copy
