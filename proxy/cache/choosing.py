"""Which of the answers under one key this client may have. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

import orjson

from logs_app import folding

from ..configuration.configuration import Provider
from ..headers import RawHeaders, is_plain, is_sent
from .entry import Entry
from .status import Forward

# Streams of these say in pieces all that the answer in one piece says.
_FOLDED_KINDS = frozenset({"chat", "completion", "response", "message"})


class Asked(NamedTuple):
    """What tells the forms of one answer apart."""

    headers: RawHeaders
    is_streaming: bool = False
    wants_usage: bool = False  # the event of a stream that tells it
    path: str = ""


def choose(
    entries: Iterable[Entry], asked: Asked, may_serve: Callable[[Entry], bool]
) -> tuple[Entry | None, Forward]:
    """The one to use, or why there is none. `may_serve` tells of an answer whether its provider could be the
    one of this call."""
    why, stream = Forward.MISS, None
    for entry in entries:
        if not may_serve(entry):
            continue
        if not varies_alike(entry.vary, asked.headers):
            why = Forward.VARY
        elif entry.is_stream != asked.is_streaming:
            stream = stream or (entry if entry.is_stream else None)
        elif not entry.is_stream or entry.asked_usage or not asked.wants_usage:
            return entry, Forward.MISS
    return (folded(stream, asked.path) if stream is not None else None), why


def folded(stream: Entry, path: str) -> Entry | None:
    """The answer in one piece that a stream tells, where it tells all of it."""
    if not stream.asked_usage:
        return None  # such an answer has its usage
    folder = folding.start(path, 200, "text/event-stream", True)
    folder.feed(stream.body)
    found = folder.finish()
    is_whole = found.done and found.error is None and not (found.parse_errors or found.gaps)
    if not (is_whole and found.kind in _FOLDED_KINDS and found.usage and found.finish_reason):
        return None
    choices = found.body.get("choices", ())
    if any(not c.get("finish_reason") or (c.get("message") or {}).get("audio") for c in choices):
        return None
    kept = [header for header in stream.headers if header[0] not in (b"content-type", b"cache-control")]
    return replace(
        stream,
        headers=[*kept, (b"content-type", b"application/json")],
        body=orjson.dumps(found.body),
        is_stream=False,
        is_folded=True,
        pieces=(),
    )


def vary_of(answer: RawHeaders, request: RawHeaders) -> tuple[tuple[bytes, bytes], ...]:
    """What of the request the answer depends on, with its values (RFC 9111, section 4.1). What the relay does
    not send on cannot have made a difference."""
    names = {name.strip().lower() for n, value in answer if n == b"vary" for name in value.split(b",")}
    if not is_plain(answer):
        names.add(b"accept-encoding")
    return tuple((name, _value(request, name)) for name in sorted(names) if name and is_sent(name))


def varies_alike(vary: tuple[tuple[bytes, bytes], ...], request: RawHeaders) -> bool:
    return all(_value(request, name) == value for name, value in vary)


def target_of(provider: Provider, model: str | None) -> str:
    """Who answers, so that no answer is taken for that of another provider, address, account or model."""
    params = orjson.dumps(provider.params).decode() if provider.params else ""
    return "\n".join(
        (
            str(provider.id),
            provider.provider_type,
            provider.api_base,
            provider.key_owner or "",
            params,
            model or "",
        )
    )


def _value(headers: RawHeaders, wanted: bytes) -> bytes:
    values = [b" ".join(value.split()) for name, value in headers if name == wanted]
    return b", ".join(values)
