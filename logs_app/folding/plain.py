"""Answers that are not event streams: JSON taken as it is, text and bytes known by their first part.

Also the one decision between them and a stream. The content type alone does not decide: a recorded
stream came as application/json, and a call with `stream: true` may be answered with plain JSON.
"""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import Any

from logs_app.jsontext import loads_exactly

from . import facts
from .folded import Folded
from .sse import BOM

# Text and bytes are kept by the recorder as they came; here only as much as a preview may need.
HEAD_BYTES = 64 * 1024
FIELDS = (b"data:", b"event:", b":", b"id:", b"retry:")
LONGEST_FIELD = max(map(len, FIELDS))
SPACE = b" \t\r\n"
WHOLE = ("json", "guess")


@lru_cache(maxsize=256)
def family(content_type: str) -> str:
    """sse, json, media, text or other."""
    name = content_type.partition(";")[0].strip().lower()
    if name == "text/event-stream":
        return "sse"
    if name.endswith(("/json", "+json")) or not name:
        return "json"
    if name.startswith(("audio/", "image/", "video/", "font/")):
        return "media"
    return "text" if name.startswith("text/") else "other"


def shape(head: bytes, content_type: str, is_streaming: bool) -> str | None:
    """sse, json, guess (text that looks like JSON), text or media; None while the first bytes do not tell.

    No stream begins with a brace, so a status is not needed to know an error's JSON from events.
    """
    kind = family(content_type)
    if kind == "media":
        return kind
    start = head.removeprefix(BOM).lstrip(SPACE)
    if not start or (len(head) < len(BOM) and BOM.startswith(head)):
        return None
    if start[:1] in (b"{", b"["):
        return "guess" if kind in ("text", "other") else "json"  # DeepSeek's errors are octet-streams
    if kind == "sse":
        return "sse"
    if kind == "json" or is_streaming:
        if start.startswith(FIELDS):
            return "sse"
        if len(start) < LONGEST_FIELD and any(field.startswith(start) for field in FIELDS):
            return None
    return "text" if kind == "other" else kind


class Plain:
    """Collects an answer that is no stream; text and media only as far as its head."""

    __slots__ = ("_parts", "_shape", "_size")

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        if self._shape in WHOLE or self._size < HEAD_BYTES:
            self._parts.append(data)
        self._size += len(data)

    def folded(self, path: str) -> Folded:
        raw = b"".join(self._parts).removeprefix(BOM)
        if self._shape == "media":
            return Folded("audio" if "/audio/" in path else "binary", done=True)
        if self._shape in WHOLE:
            try:
                return _of_json(loads_exactly(raw), path)
            except ValueError:
                return self._of_text(raw[:HEAD_BYTES], parse_errors=int(self._shape == "json"))
        return self._of_text(raw[:HEAD_BYTES])

    def _of_text(self, head: bytes, parse_errors: int = 0) -> Folded:
        """JSON that cannot be read was cut, or is an error page that calls itself JSON."""
        text = self._decoded(head)
        kind = "binary" if text is None else "text"
        return Folded(kind, done=not parse_errors, parse_errors=parse_errors, text=text)

    def _decoded(self, head: bytes) -> str | None:
        if b"\0" in head:
            return None
        try:
            # A head that was cut may end inside a character.
            return codecs.getincrementaldecoder("utf-8")().decode(head, final=self._size <= HEAD_BYTES)
        except UnicodeDecodeError:
            return None


def _of_json(body: Any, path: str) -> Folded:
    kind = facts.kind(body, path)
    return Folded(kind, body, done=True, error=facts.error(body), **facts.about(kind, body))
