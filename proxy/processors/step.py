"""What a step is: a request in, a request out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from .options import Options

Document = dict[str, Any]  # a request's JSON object
# Asks a model: a chat request and the seconds it may take. Returns the answer's JSON object.
Ask = Callable[[Document, float], Awaitable[Document]]


class Failed(Exception):
    """A step could not do its work. Its words are shown to the caller: no secrets, no final dot."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a step may know of its call."""

    request_id: str
    route: str
    method: str
    path: str
    endpoint: str
    model: str | None
    is_streaming: bool
    size_bytes: int | None
    key: str | None
    project: str | None
    client_ip: str | None
    ask: Ask = field(repr=False)


class Step(Protocol):
    # Whether it is passed by when the request is no JSON object.
    needs_document: ClassVar[bool]

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        """From `config_value` and `additional_config`. Raises Invalid."""

    async def process(self, document: Document, context: Context) -> Document:
        """The request as it goes on; `document` itself when nothing changes, and never changed in place.

        A request that is no JSON object is an empty one. Raises Failed, or anything else.
        """
