"""One stored answer: the provider's bytes, and what must be known to use them again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ..headers import RawHeaders, first, from_provider, from_text, to_text
from .freshness import Terms

# Of a provider's answer, what was true of that one call only. The relay writes its own id and date.
_OF_ONE_CALL = frozenset(
    b"date age x-request-id request-id openai-processing-ms x-envoy-upstream-service-time server-timing "
    b"cf-request-id x-amz-request-id apim-request-id x-ms-request-id x-runtime retry-after retry-after-ms "
    b"set-cookie set-cookie2 cache-status x-proxy-cache x-proxy-cache-key x-cache-debug via "
    b"content-length x-accel-buffering".split()
)
_OF_ONE_CALL_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-", b"x-ms-ratelimit", b"x-litellm-")
# The objects around the bytes: of an answer, of each header, of each piece of a stream (`bench.hoarding`).
OVERHEAD_BYTES, HEADER_BYTES, PIECE_BYTES = 1800, 160, 136
_FORMAT = 1


class Label(NamedTuple):
    """What a purge can name."""

    method: str
    path: str
    query: str
    models: tuple[str, ...]
    project: str
    tags: tuple[str, ...]
    provider: str = ""  # its key, once it is known who gave the answer

    @classmethod
    def of(cls, said: Sequence[Any]) -> Label:
        """As it comes out of JSON; earlier ones name no provider."""
        method, path, query, models, project, tags, *provider = said
        return cls(method, path, query, tuple(models), project, tuple(tags), *provider)


@dataclass(slots=True, eq=False)
class Entry:
    headers: RawHeaders
    body: bytes
    terms: Terms
    label: Label
    provider: str  # its name, for the header that says so
    target: str  # which provider and model this is the answer of
    model: str | None  # as it was sent
    routed: str | None  # as it was routed, which a processor may have chosen
    asked_usage: bool = False  # so a stream has the event that tells it
    is_stream: bool = False
    is_folded: bool = False
    vary: tuple[tuple[bytes, bytes], ...] = ()
    pieces: tuple[tuple[int, int], ...] = ()  # of a stream: microseconds since its beginning, length
    source: str = ""  # the record of the call that brought it
    mark: int = 0  # of its resource, when it was asked for
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.size_bytes = (
            len(self.body)
            + sum(len(n) + len(v) + HEADER_BYTES for n, v in self.headers)
            + PIECE_BYTES * len(self.pieces)
            + OVERHEAD_BYTES
        )

    @property
    def selector(self) -> tuple[Any, ...]:
        """Of two with the same one the newer replaces the older."""
        return self.target, self.is_stream, self.is_folded, self.asked_usage and self.is_stream, self.vary

    @property
    def is_validated(self) -> bool:
        return bool(first(self.headers, b"etag") or first(self.headers, b"last-modified"))

    @property
    def kept_until(self) -> float:
        return self.terms.kept_until(self.is_validated)

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """As they came, of a stream; else in one."""
        if not self.pieces:
            yield 0, self.body
            return
        start = 0
        for offset_us, length in self.pieces:
            yield offset_us, self.body[start : start + length]
            start += length


def kept_headers(provider: RawHeaders) -> RawHeaders:
    """What of a provider's head is as true the next time. Cookies and ids of one call are not."""
    return [
        (name, value)
        for name, value in from_provider(provider)
        if name not in _OF_ONE_CALL and not name.startswith(_OF_ONE_CALL_PREFIXES)
    ]


def pack(entry: Entry) -> bytes:
    head = {
        "format": _FORMAT,
        "headers": to_text(entry.headers),
        "terms": list(entry.terms),
        "label": list(entry.label),
        "texts": [entry.provider, entry.target, entry.model, entry.routed, entry.source],
        "flags": [entry.asked_usage, entry.is_stream, entry.is_folded],
        "vary": to_text(entry.vary),
        "pieces": entry.pieces,
        "mark": entry.mark,
    }
    encoded = orjson.dumps(head)
    return len(encoded).to_bytes(4, "big") + encoded + entry.body


def unpack(packed: bytes) -> Entry | None:
    """None of what another version wrote, or nobody."""
    try:
        end = 4 + int.from_bytes(packed[:4], "big")
        head = orjson.loads(packed[4:end])
        if head["format"] != _FORMAT:
            return None
        provider, target, model, routed, source = head["texts"]
        asked_usage, is_stream, is_folded = head["flags"]
        return Entry(
            from_text(head["headers"]),
            packed[end:],
            Terms(*head["terms"]),
            Label.of(head["label"]),
            provider,
            target,
            model,
            routed,
            asked_usage,
            is_stream,
            is_folded,
            tuple(from_text(head["vary"])),
            tuple((offset, length) for offset, length in head["pieces"]),
            source,
            head.get("mark", 0),
        )
    except (ValueError, KeyError, TypeError):
        return None
