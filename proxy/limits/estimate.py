"""How many tokens a call may use, guessed before it is made, in microseconds. The recorder corrects it
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..request.parsing import Call

BYTES_PER_TOKEN = 4
# What an image or a sound counts, whatever its size: base64 is no text.
MEDIA_TOKENS = 1000
_MEDIA_MARKS = (b";base64,", b'"data":"', b'"data": "')
# One value from each of OpenAI's names and Anthropic's.
_ANSWER_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


def tokens(call: Call) -> int:
    """0 for a call that uses none. An upload in parts cannot be guessed; it counts when it is settled."""
    if call.method != "POST":
        return 0
    prompt = _prompt(call.body) if call.body else 0
    return max(prompt + _answer(call.document or {}), 1)


def _prompt(body: bytes) -> int:
    size, media = len(body), 0
    for start, end in _media(body):
        if end - start > MEDIA_TOKENS * BYTES_PER_TOKEN:
            size -= end - start
            media += 1
    return size // BYTES_PER_TOKEN + media * MEDIA_TOKENS


def _media(body: bytes) -> Iterator[tuple[int, int]]:
    """Where strings of base64 begin and end."""
    for mark in _MEDIA_MARKS:
        start = body.find(mark)
        while start >= 0:
            start += len(mark)
            end = body.find(b'"', start)
            if end < 0:
                break
            yield start, end
            start = body.find(mark, end)


def _answer(document: dict[str, Any]) -> int:
    for name in _ANSWER_LIMITS:
        value = document.get(name)
        if type(value) is int and value > 0:
            return value
    return 0
