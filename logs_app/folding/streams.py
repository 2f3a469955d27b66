"""Which protocol a stream of events speaks, and the events of none that we know."""

from __future__ import annotations

from typing import Any, Protocol

from . import facts
from .chat import Chat
from .completions import Completions
from .media import Images, Speech, Transcript
from .messages import Messages
from .responses import Responses


class Stream(Protocol):
    done: bool
    error: Any
    saw_token: bool
    gaps: int

    def add(self, event: str, data: dict[str, Any]) -> None: ...

    def close(self) -> None:
        """`[DONE]` was read."""

    def body(self) -> Any: ...


class Unknown:
    """Events that nobody here can put together (assistants' runs, vendors' own): counted, not kept."""

    gaps = 0

    def __init__(self) -> None:
        self.done = False
        self.error: Any = None
        self.saw_token = False

    def add(self, event: str, data: dict[str, Any]) -> None:
        self.saw_token = True
        if (event == "error" or data.get("error")) and self.error is None:
            self.error = data.get("error") or data

    def close(self) -> None:
        self.done = True

    def body(self) -> None:
        return None


BY_OBJECT: dict[Any, tuple[str, type[Stream]]] = {
    "chat.completion.chunk": ("chat", Chat),
    "text_completion": ("completion", Completions),
}
BY_TYPE: tuple[tuple[str, str, type[Stream]], ...] = (
    ("response.", "response", Responses),
    ("message_start", "message", Messages),
    ("image_generation.", "image", Images),
    ("image_edit.", "image", Images),
    ("transcript.", "audio", Transcript),
    ("speech.", "audio", Speech),
)
BY_KIND: dict[str, type[Stream]] = {
    "chat": Chat,
    "completion": Completions,
    "response": Responses,
    "message": Messages,
    "image": Images,
}


def choose(event: str, data: dict[str, Any], path: str) -> tuple[str, Stream]:
    """By what the first event says of itself, else by the path: a first event may be a bare error."""
    named = data.get("object")
    if type(named) is str and named in BY_OBJECT:
        kind, stream = BY_OBJECT[named]
        return kind, stream()
    typed = data.get("type") or event
    if type(typed) is str:
        for prefix, kind, found in BY_TYPE:
            if typed.startswith(prefix):
                return kind, found()
    fallback = by_path(path)
    if type(fallback[1]) is Unknown and "choices" in data:
        return "chat", Chat()
    return fallback


def by_path(path: str) -> tuple[str, Stream]:
    if path.endswith("/audio/speech"):
        return "audio", Speech()
    kind = facts.of_path(path)
    if kind == "audio":
        return kind, Transcript()
    return (kind, BY_KIND[kind]()) if kind in BY_KIND else ("text", Unknown())
