"""Is this answer the one that was asked for? Every answer of a run is looked at."""

from __future__ import annotations

import orjson


class Wrong(Exception):
    pass


def unchunk(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = 0
    while True:
        line_end = body.find(b"\r\n", position)
        size = int(body[position:line_end], 16)
        start = line_end + 2
        if size == 0:
            return b"".join(parts)
        parts.append(body[start : start + size])
        position = start + size + 2


def check(body: bytes, tag: bytes, chunks: int, is_stream: bool) -> None:
    """Raises Wrong."""
    text = _streamed(body, chunks) if is_stream else _whole(body)
    if tag.decode() not in text:
        raise Wrong(f"the answer of another request came: {text[:60]!r}")


def _whole(body: bytes) -> str:
    try:
        choice = orjson.loads(body)["choices"][0]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        raise Wrong(f"not a chat completion: {body[:80]!r}") from None
    if choice["finish_reason"] != "stop":
        raise Wrong(f"finish_reason {choice['finish_reason']}")
    return choice["message"]["content"]


def _streamed(body: bytes, chunks: int) -> str:
    events = body.split(b"\n\n")
    if events[-1] or events[-2] != b"data: [DONE]":
        raise Wrong(f"the stream ends with {body[-60:]!r}")
    pieces = []
    for event in events[:-2]:
        if not event.startswith(b"data: {"):
            raise Wrong(f"a strange event: {event[:80]!r}")
        pieces.append(_piece(event[6:]))
    seen = sum(piece is not None for piece in pieces)
    if seen != chunks:
        raise Wrong(f"{seen} events with content in place of {chunks}")
    return "".join(piece or "" for piece in pieces)


def _piece(data: bytes) -> str | None:
    choices = orjson.loads(data)["choices"]
    if not choices:
        raise Wrong("a usage event that nobody asked for")
    delta = choices[0]["delta"]
    return None if "role" in delta else delta.get("content")
