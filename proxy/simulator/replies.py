"""Answers as values, and the bytes they begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson

# How far an event is along its stream: faults count the chunks between head and tail.
HEAD, CHUNK, TAIL, DONE = range(4)

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass(slots=True)
class Event:
    data: bytes
    stage: int = CHUNK
    name: bytes = b""


@dataclass(slots=True)
class Answer:
    """Either `body`, or the `events` of a stream."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON
    events: Iterator[Event] | None = None
    dialect: str = "chat"
    """chat, responses or messages: how errors are told in-band; binary: parts without framing."""
    chunk_count: int = 0
    """Parts a model would have produced one after the other, streamed or not."""
    headers: list[tuple[str, str]] = field(default_factory=list)


def json_answer(value: Any, chunk_count: int = 0) -> Answer:
    return Answer(orjson.dumps(value), chunk_count=chunk_count)


def stream_answer(events: Iterator[Event], dialect: str, chunk_count: int) -> Answer:
    return Answer(content_type=EVENT_STREAM, events=events, dialect=dialect, chunk_count=chunk_count)


def listing(values: list[Any], asked: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """A page: what comes after the id `after`, `limit` at most. Old SDKs ask on until a page is empty."""
    ids = [value.get("id") for value in values]
    begin = ids.index(asked["after"]) + 1 if asked.get("after") in ids else 0
    limit = int(asked["limit"]) if asked.get("limit", "").isdecimal() else len(values)
    page = values[begin : begin + limit]
    first, last = (page[0].get("id"), page[-1].get("id")) if page else (None, None)
    has_more = begin + limit < len(values)
    return json_answer(
        {"object": "list", "data": page, "first_id": first, "last_id": last, "has_more": has_more}
    )


REASONS = {status.value: f"{status.value} {status.phrase}".encode() for status in HTTPStatus}

# Two cookies, account ids and transport headers: what a relay must keep away from its clients.
COMMON = (
    b"server: cloudflare\r\n"
    b"cf-cache-status: DYNAMIC\r\n"
    b'alt-svc: h3=":443"; ma=86400\r\n'
    b"strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
    b"x-content-type-options: nosniff\r\n"
)
OPENAI = (
    b"openai-organization: org-simulated\r\n"
    b"openai-project: proj_simulated\r\n"
    b"openai-version: 2020-10-01\r\n"
    b"access-control-expose-headers: X-Request-ID, CF-Ray\r\n"
    b"x-ratelimit-limit-requests: 10000\r\n"
    b"x-ratelimit-limit-tokens: 2000000\r\n"
    b"x-ratelimit-remaining-requests: %d\r\n"
    b"x-ratelimit-remaining-tokens: %d\r\n"
    b"x-ratelimit-reset-requests: 6ms\r\n"
    b"x-ratelimit-reset-tokens: 12ms\r\n"
    b"x-request-id: req_%032x\r\n"
    b"openai-processing-ms: %d\r\n"
)
ANTHROPIC = (
    b"anthropic-organization-id: org-simulated\r\n"
    b"anthropic-ratelimit-requests-limit: 4000\r\n"
    b"anthropic-ratelimit-requests-remaining: %d\r\n"
    b"anthropic-ratelimit-tokens-remaining: %d\r\n"
    b"request-id: req_%032x\r\n"
    b"x-envoy-upstream-service-time: %d\r\n"
)


def render_head(
    answer: Answer, number: int, request_id: int, now: float, framing: bytes, is_messages: bool
) -> bytes:
    """Status line and headers; `framing` holds content-length, transfer-encoding and connection lines."""
    remaining = 9_999 - number % 5_000
    vendor = ANTHROPIC if is_messages else OPENAI
    return b"".join(
        (
            b"HTTP/1.1 ",
            REASONS.get(answer.status) or b"%d Unknown" % answer.status,
            b"\r\ndate: ",
            _date(int(now)),
            b"\r\ncontent-type: ",
            answer.content_type.encode("latin-1"),
            b"\r\n",
            framing,
            vendor % (remaining, remaining * 200, request_id, 5 + number % 40),
            b"set-cookie: __cf_bm=%032x; path=/; HttpOnly; Secure; SameSite=None\r\n" % request_id,
            b"set-cookie: _cfuvid=%016x; path=/; HttpOnly; Secure\r\n" % (request_id >> 64),
            b"cf-ray: %016x-FRA\r\n" % (request_id & 0xFFFF_FFFF_FFFF_FFFF),
            COMMON,
            *(f"{name}: {value}\r\n".encode("latin-1") for name, value in answer.headers),
            b"\r\n",
        )
    )


_dates: dict[int, bytes] = {}


def _date(second: int) -> bytes:
    if second not in _dates:
        _dates.clear()
        _dates[second] = formatdate(second, usegmt=True).encode()
    return _dates[second]
