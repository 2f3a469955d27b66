"""Which endpoint answers which call: read from top to bottom, the first that fits."""

from __future__ import annotations

import functools
from collections.abc import Callable

from proxy.simulator.answers import (
    audio,
    batches,
    chat,
    completions,
    conversations,
    echo,
    embeddings,
    files,
    images,
    messages,
    models,
    moderations,
    responses,
)
from proxy.simulator.replies import Answer

Endpoint = Callable[..., Answer]

# `*` is one segment and becomes an argument; `**` is all the rest (model names contain slashes).
ROUTES: list[tuple[str, str, Endpoint]] = [
    ("POST", "chat/completions", chat.create),
    ("GET", "chat/completions", chat.list_stored),
    ("GET", "chat/completions/*", chat.retrieve),
    ("POST", "chat/completions/*", chat.update),
    ("DELETE", "chat/completions/*", chat.delete),
    ("GET", "chat/completions/*/messages", chat.list_messages),
    ("POST", "completions", completions.create),
    ("POST", "responses", responses.create),
    ("POST", "responses/input_tokens", responses.count_input_tokens),
    ("GET", "responses/*", responses.retrieve),
    ("DELETE", "responses/*", responses.delete),
    ("POST", "responses/*/cancel", responses.cancel),
    ("GET", "responses/*/input_items", responses.list_input_items),
    ("POST", "conversations", conversations.create),
    ("GET", "conversations/*", conversations.retrieve),
    ("POST", "conversations/*", conversations.update),
    ("DELETE", "conversations/*", conversations.delete),
    ("GET", "conversations/*/items", conversations.list_items),
    ("POST", "conversations/*/items", conversations.add_items),
    ("POST", "embeddings", embeddings.create),
    ("GET", "models", models.list_all),
    ("GET", "models/**", models.retrieve),
    ("DELETE", "models/**", models.delete),
    ("POST", "images/generations", images.generate),
    ("POST", "images/edits", images.edit),
    ("POST", "images/variations", images.edit),
    ("POST", "audio/speech", audio.speak),
    ("POST", "audio/transcriptions", audio.transcribe),
    ("POST", "audio/translations", audio.transcribe),
    ("POST", "files", files.upload),
    ("GET", "files", files.list_all),
    ("GET", "files/*", files.retrieve),
    ("DELETE", "files/*", files.delete),
    ("GET", "files/*/content", files.read),
    ("POST", "uploads", files.begin_upload),
    ("POST", "uploads/*/parts", files.add_part),
    ("POST", "uploads/*/complete", files.complete_upload),
    ("POST", "uploads/*/cancel", files.cancel_upload),
    ("POST", "moderations", moderations.create),
    ("POST", "batches", batches.create),
    ("GET", "batches", batches.list_all),
    ("GET", "batches/*", batches.retrieve),
    ("POST", "batches/*/cancel", batches.cancel),
    ("POST", "messages", messages.create),
    ("POST", "messages/count_tokens", messages.count_tokens),
]

PATTERNS = [(method, tuple(pattern.split("/")), endpoint) for method, pattern, endpoint in ROUTES]


@functools.lru_cache(maxsize=4096)
def find(method: str, segments: tuple[str, ...]) -> tuple[Endpoint, tuple[str, ...]]:
    """The endpoint and the arguments its path holds. HEAD is answered as GET."""
    method = "GET" if method == "HEAD" else method
    for wanted, pattern, endpoint in PATTERNS:
        arguments = _match(pattern, segments) if wanted == method else None
        if arguments is not None:
            return endpoint, arguments
    return echo.describe, ()


def _match(pattern: tuple[str, ...], segments: tuple[str, ...]) -> tuple[str, ...] | None:
    if pattern[-1] == "**" and len(segments) >= len(pattern):
        kept = len(pattern) - 1
        segments = (*segments[:kept], "/".join(segments[kept:]))
    if len(pattern) != len(segments):
        return None
    arguments = []
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted in ("*", "**"):
            arguments.append(segment)
        elif wanted != segment:
            return None
    return tuple(arguments)
