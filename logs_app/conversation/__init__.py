"""What was said, as people read it: request and answer of any endpoint as one list of turns.

Values in, values out. Whatever the values are, this never fails: what is not understood stays JSON.
"""

from __future__ import annotations

from typing import Any

from logs_app.multipart import Upload

from . import answering, asking, pairing
from .turns import Conversation, Part, Turn

__all__ = ["Conversation", "Part", "Turn", "read"]


def read(endpoint: str, request: Any, response: Any, uploads: list[Upload] | None = None) -> Conversation:
    """`request` and `response` as `presentation` gives them; of a form its fields, and its files apart."""
    conversation = Conversation(
        asking.read(request, uploads or []),
        answering.read(endpoint, response),
        asking.tools(request),
        asking.options(request),
    )
    pairing.pair(conversation)
    for number, part in enumerate(conversation.parts):
        part.number = number
    return conversation
