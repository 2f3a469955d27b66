"""All that an answer says, as one text: what two answers are compared by."""

from __future__ import annotations

from typing import Any

from logs_app.presentation import passages
from logs_app.presentation.passages import Passage


def of(body: Any) -> str:
    """Without its thoughts. Of chats, completions, responses, messages and transcriptions, and of errors;
    of other JSON "", which says nothing.
    """
    if not isinstance(body, dict):
        return body if isinstance(body, str) else ""
    said = [_written(passage) for passage in passages.of(body) if passage.kind != passages.THOUGHT]
    return "\n".join(filter(None, (*said, _error(body))))


def _written(passage: Passage) -> str:
    return f"{passage.name}({passage.text})" if passage.kind == passages.CALL else passage.text


def _error(body: dict[str, Any]) -> str:
    error = body.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""
