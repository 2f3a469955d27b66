"""The answer on its way to the client: everything leaves by this door, and the record is closed here.

Guarantee 3: half an answer never looks like success. A stream that breaks off ends with an error event
and no [DONE]; any other body that breaks off is cut at the socket (`Broken`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse

from . import cors, errors
from .answer import Answer
from .configuration import Provider
from .edits import Outgoing
from .errors import MidStream, RelayError
from .exchange import Exchange
from .framing import Framer
from .headers import RawHeaders, first, overlay, to_client
from .health import Outcome
from .renaming import Renamer
from .runtime import Runtime

_SHOWN_CHARACTERS = 200


class Broken(Exception):
    """The body cannot be finished honestly: the connection must be cut."""


class RelayResponse(StreamingHttpResponse):
    """`headers` serve Django's own handler and test client, `raw_headers` (repeats kept) the lane."""

    def __init__(self, status: int, raw_headers: RawHeaders, delivery: Delivery) -> None:
        shown: dict[str, str] = {}
        for raw_name, raw_value in raw_headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
        super().__init__(delivery.parts(), status=status, headers=shown)
        self.raw_headers = raw_headers
        self.delivery = delivery
        self._resource_closers.append(delivery.close)  # type: ignore[attr-defined]


class Delivery:
    def __init__(self, exchange: Exchange, runtime: Runtime) -> None:
        self.exchange = exchange
        self._runtime = runtime

    async def parts(self) -> AsyncIterator[bytes]:
        raise NotImplementedError
        yield b""

    def last_words(self) -> bytes | None:
        """What to say in the stream before ending it early; None when nothing can be said there."""
        return None

    def close(self) -> None:
        """Always called, whatever happened; the second time it does nothing."""
        if self.exchange.is_open and self.exchange.outcome == "completed":
            self._settle()
        self.exchange.close()
        self._runtime.leave(self.exchange)

    def _settle(self) -> None:
        """The body did not run to its end: the client left, or the relay itself ended it."""
        self.exchange.break_off()


class OwnAnswer(Delivery):
    """A body of ours, whole from the start."""

    def __init__(self, exchange: Exchange, runtime: Runtime, body: bytes) -> None:
        super().__init__(exchange, runtime)
        self._body = body

    async def parts(self) -> AsyncIterator[bytes]:
        self._runtime.release(self.exchange)
        if self.exchange.is_open:
            self.exchange.take_part(self._body)
        self.exchange.close()
        yield self._body


class PassedOn(Delivery):
    """The provider's body, journalled before it is sent on."""

    def __init__(
        self, exchange: Exchange, runtime: Runtime, answer: Answer, provider: Provider, sent: Outgoing
    ) -> None:
        super().__init__(exchange, runtime)
        self._answer = answer
        self._provider = provider
        self._renaming = sent.renaming if 200 <= answer.status < 300 else None
        self._framer: Framer | None = None
        self._renamer: Renamer | None = None
        if answer.is_event_stream:
            path = exchange.call.path
            self._framer = Framer(path, hide_usage=sent.asks_usage, renaming=self._renaming)
        elif self._renaming is not None and answer.is_json:
            self._renamer = Renamer(self._renaming)

    @property
    def may_change_length(self) -> bool:
        return self._framer is not None or self._renamer is not None

    async def parts(self) -> AsyncIterator[bytes]:
        exchange, framer = self.exchange, self._framer
        try:
            async for part in self._answer.parts():
                exchange.take_part(part)
                if framer is not None:
                    part = framer.feed(part)
                    if framer.is_terminated:
                        # Who has read the last event may come with the next stream before this body ends.
                        self._runtime.release(exchange)
                elif self._renamer is not None:
                    part = self._renamer.feed(part)
                if part:
                    yield part
            if rest := self._end():
                yield rest
        except MidStream as fault:
            error = fault.as_answer(self._provider.provider_key)
            self._report(fault)
            if framer is None or not framer.is_between_events:
                exchange.fail("upstream_truncated", error)
                raise Broken(error.message) from fault
            if not framer.is_terminated:
                exchange.fail("upstream_truncated", error)
                yield self._event(error)
        self._note_edits()
        if exchange.outcome == "completed" and self._answer.status < 400:
            self._runtime.health.report(self._provider.id, Outcome.SUCCESS)
        exchange.close()

    def last_words(self) -> bytes | None:
        error, framer = self.exchange.aborted_by, self._framer
        return self._event(error) if error and framer and framer.is_between_events else None

    def close(self) -> None:
        self._note_edits()
        super().close()
        self._answer.close()

    def _report(self, fault: MidStream) -> None:
        outcome = Outcome.TIMEOUT if fault.reason == "upstream_timeout" else Outcome.TRANSPORT
        self._runtime.health.report(self._provider.id, outcome, words=fault.detail)

    def _end(self) -> bytes:
        framer = self._framer
        if framer is None:
            return self._renamer.finish() if self._renamer else b""
        rest = framer.finish()
        if not framer.is_whole:
            raise MidStream("upstream_truncated", "the stream ended before its last event")
        return rest

    def _event(self, error: RelayError) -> bytes:
        assert self._framer is not None
        event = error.as_event(self.exchange.call.path, self._framer.next_sequence_number)
        edit = {"kind": "append_error_event", "code": error.code, "event": event.decode()}
        self.exchange.edits.append(edit)
        return event

    def _settle(self) -> None:
        # A client may close on the protocol's last event without waiting for the end of the body.
        if not (self._framer and self._framer.is_terminated):
            self.exchange.break_off()

    def _note_edits(self) -> None:
        if not self.exchange.is_open:
            return
        if self._framer and self._framer.hid_usage:
            self.exchange.edits.append({"kind": "hide_usage_event"})
        editor = self._framer or self._renamer
        if editor and editor.has_renamed and self._renaming:
            self.exchange.edits.append(
                {"kind": "model", "from": self._renaming.sent, "to": self._renaming.asked}
            )


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
    exchange: Exchange, runtime: Runtime, answer: Answer, provider: Provider, sent: Outgoing
) -> RelayResponse:
    raw_headers = head_of(exchange, runtime, answer, provider.provider_key)
    delivery = PassedOn(exchange, runtime, answer, provider, sent)
    if delivery.may_change_length:
        raw_headers = [header for header in raw_headers if header[0] != b"content-length"]
    if answer.is_event_stream:
        # No proxy in front of us may hold events back.
        raw_headers = [header for header in raw_headers if header[0] != b"x-accel-buffering"]
        raw_headers.append((b"x-accel-buffering", b"no"))
    elif first(answer.headers, b"content-length"):
        runtime.release(exchange)  # no stream, after all
    exchange.answer(answer.status, raw_headers, provider.provider_key)
    return RelayResponse(answer.status, raw_headers, delivery)


def head_of(exchange: Exchange, runtime: Runtime, answer: Answer, provider_key: str) -> RawHeaders:
    """The provider's headers and ours."""
    raw_headers = to_client(answer.headers, exchange.request_id.encode())
    raw_headers = overlay(raw_headers, exchange.limit_headers)
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
