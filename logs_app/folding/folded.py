"""What is known of an answer once it is complete, or cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Folded:
    """`kind` is one of chat, completion, response, message, embedding, image, audio, moderation, model, file,
    batch, json, text, binary, empty. `done`: the protocol's terminal marker was seen, or the answer was whole
    by itself.
    """

    kind: str
    body: Any = None  # the complete object; None when the answer is not JSON
    done: bool = False
    error: Any = None  # the first error inside a stream, or the error of a JSON answer
    chunks: int = 0  # JSON events merged
    parse_errors: int = 0
    model: str | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None  # the provider's own, not normalised; None until it is final
    saw_token: bool = False
    service_tier: str | None = None
    gaps: int = 0  # in the sequence numbers of a responses stream
    text: str | None = None  # the head of an answer that is text
