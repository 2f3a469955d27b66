"""What a conversation is made of, whichever protocol it was held in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(slots=True)
class Citation:
    title: str
    url: str = ""


@dataclass(slots=True)
class Text:
    kind: ClassVar[str] = "text"
    text: str
    citations: list[Citation] = field(default_factory=list)
    is_written: bool = True  # as prose, in Markdown; else it is shown letter for letter
    number: int = 0


@dataclass(slots=True)
class Reasoning:
    """Without text: the provider keeps it to itself."""

    kind: ClassVar[str] = "reasoning"
    text: str
    number: int = 0


@dataclass(slots=True)
class Refusal:
    kind: ClassVar[str] = "refusal"
    text: str
    number: int = 0


@dataclass(slots=True)
class Media:
    """A picture, a sound or a file, by its base64 (`data`) or its bytes (`content`); or it is elsewhere."""

    kind: ClassVar[str] = "media"
    form: str  # image, audio, file
    name: str = ""
    data: str = ""
    content: bytes = b""
    content_type: str = ""
    place: str = ""  # its address, or its id at the provider
    transcript: str = ""
    number: int = 0

    @property
    def is_here(self) -> bool:
        return bool(self.data or self.content)


@dataclass(slots=True)
class Data:
    """What is no speech, or not understood: shown as JSON under a title."""

    kind: ClassVar[str] = "data"
    title: str
    value: Any
    number: int = 0


@dataclass(slots=True)
class Result:
    """What a tool gave back for the call of this id."""

    kind: ClassVar[str] = "result"
    id: str
    parts: list[Part]
    is_error: bool = False
    name: str = ""
    number: int = 0


@dataclass(slots=True)
class Call:
    """A tool that the model uses. `arguments` is what it wrote, JSON or not."""

    kind: ClassVar[str] = "call"
    id: str
    name: str
    arguments: Any = ""
    tool: str = ""  # what sort of tool, where it is none of the client's functions
    results: list[Result] = field(default_factory=list)
    number: int = 0


Part = Text | Reasoning | Refusal | Media | Data | Call | Result


@dataclass(slots=True)
class Token:
    """One token of an answer, how probable it was, and what else could have stood there."""

    text: str
    probability: float
    others: list[tuple[str, float]] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    role: str
    parts: list[Part]
    name: str = ""
    choice: int | None = None  # of an answer that has alternatives
    finish_reason: str = ""
    tokens: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class Conversation:
    """`asked` is the request, `answered` the answer; turns of it with a choice are alternatives."""

    asked: list[Turn] = field(default_factory=list)
    answered: list[Turn] = field(default_factory=list)
    tools: list[Data] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def turns(self) -> list[Turn]:
        return [*self.asked, *self.answered]

    @property
    def parts(self) -> list[Part]:
        """All of them, each before what it holds: a part's number is its place here."""
        return [*(part for turn in self.turns for part in _within(turn.parts)), *self.tools]


def _within(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, Call):
            yield from _within([*part.results])
        elif isinstance(part, Result):
            yield from _within(part.parts)
