"""The head of the answer and the door it leaves by: a provider's, an error of ours, a stored one and a file.

What follows it is in `bodies`, where the record is closed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from .. import errors
from ..access import cors
from ..configuration.configuration import Provider
from ..errors import RelayError
from ..exchange import Exchange
from ..headers import RawHeaders, first, overlay, to_client
from ..request.edits import Outgoing
from ..runtime import Runtime
from ..sending.answer import Answer
from .bodies import Conveyed, Delivery, OwnAnswer, PassedOn, Source

if TYPE_CHECKING:
    from ..cache.recording import Recording

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class RelayResponse:
    """An answer before its first byte: the head as it goes out, headers that repeat too, and what follows."""

    status_code: int
    raw_headers: RawHeaders
    delivery: Delivery

    @property
    def headers(self) -> dict[str, str]:
        """By name, for whoever takes each once."""
        shown: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
        return shown

    def as_django(self) -> StreamingHttpResponse:
        """For Django's own handler and test client."""
        response = StreamingHttpResponse(self.delivery.parts(), status=self.status_code, headers=self.headers)
        response._resource_closers.append(self.delivery.close)  # type: ignore[attr-defined]
        return response


def own_content(exchange: Exchange, runtime: Runtime, body: bytes) -> RelayResponse:
    """What a client asked the relay itself."""
    request_id = exchange.request_id.encode()
    raw_headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id),
        (b"x-relay-request-id", request_id),
        *exchange.limit_headers,
        *_cors(exchange, runtime),
    ]
    if exchange.is_open:
        exchange.answer(200, raw_headers)
    return RelayResponse(200, raw_headers, OwnAnswer(exchange, runtime, body))


def own(exchange: Exchange, runtime: Runtime, error: RelayError) -> RelayResponse:
    """An error of ours in the caller's format."""
    path, request_id = exchange.call.path, exchange.request_id
    body = error.as_body(path, request_id)
    raw_headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        (b"x-relay-request-id", request_id.encode()),
        *error.headers,
        *exchange.limit_headers,
        *_cors(exchange, runtime),
    ]
    if errors.speaks_anthropic(path):
        raw_headers.append((b"request-id", request_id.encode()))
    if exchange.is_open:
        exchange.answer(error.status, raw_headers)
    return RelayResponse(error.status, raw_headers, OwnAnswer(exchange, runtime, body))


def passed_on(
    exchange: Exchange,
    runtime: Runtime,
    answer: Answer,
    provider: Provider,
    sent: Outgoing,
    recording: Recording | None = None,
) -> RelayResponse:
    return conveyed(PassedOn(exchange, runtime, answer, provider, sent, recording), runtime)


def conveyed(delivery: Conveyed, runtime: Runtime) -> RelayResponse:
    exchange, answer = delivery.exchange, delivery.answer
    raw_headers = head_of(exchange, runtime, answer, delivery.provider_key)
    if delivery.may_change_length:
        raw_headers = [header for header in raw_headers if header[0] != b"content-length"]
    if answer.is_event_stream:
        # No proxy in front of us may hold events back.
        raw_headers = [header for header in raw_headers if header[0] != b"x-accel-buffering"]
        raw_headers.append((b"x-accel-buffering", b"no"))
    elif first(answer.headers, b"content-length"):
        runtime.release(exchange)  # no stream, after all
    exchange.answer(answer.status, raw_headers, delivery.provider_key)
    return RelayResponse(answer.status, raw_headers, delivery)


def head_of(exchange: Exchange, runtime: Runtime, answer: Source, provider_key: str) -> RawHeaders:
    """The provider's headers and ours."""
    raw_headers = to_client(answer.headers, exchange.request_id.encode())
    raw_headers = overlay(raw_headers, exchange.limit_headers)
    raw_headers = overlay(raw_headers, exchange.cache_headers)
    return raw_headers + _ours(exchange, provider_key) + _cors(exchange, runtime)


def _ours(exchange: Exchange, provider_key: str) -> RawHeaders:
    upstream_us = sum(attempt["latency_us"] for attempt in exchange.attempts)
    relay_us = exchange.offset_us - upstream_us
    timing = b"relay;dur=%.2f, upstream;dur=%.2f" % (relay_us / 1000, upstream_us / 1000)
    ours = [(b"x-relay-provider", provider_key.encode()), (b"server-timing", timing)]
    model = exchange.model_sent
    if model and len(model) <= _SHOWN_CHARACTERS and model.isascii() and model.isprintable():
        ours.append((b"x-relay-model", model.encode()))
    return ours


def _cors(exchange: Exchange, runtime: Runtime) -> RawHeaders:
    snapshot = runtime.snapshots.current
    return cors.headers(exchange.call, exchange.key, runtime.origins, snapshot, exchange.route)


def preflight(exchange: Exchange, runtime: Runtime) -> RelayResponse:
    snapshot = runtime.snapshots.current
    raw_headers = cors.preflight(exchange.call, runtime.origins, snapshot, exchange.route)
    raw_headers.append((b"x-relay-request-id", exchange.request_id.encode()))
    return RelayResponse(204, raw_headers, OwnAnswer(exchange, runtime, b""))


def is_cancelled_by_relay(exchange: Exchange) -> bool:
    """Whether this cancellation is the relay's own; then the task lives on to say so."""
    if exchange.aborted_by is None:
        return False
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    return True
