"""One try at one provider: sent, waited for, judged, and noted in the record however it ends."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .. import decoding, errors, headers, provider_types
from ..configuration.configuration import Provider, Settings
from ..decoding import Undecodable
from ..errors import NotSent, RelayError, UpstreamError
from ..exchange import Exchange
from ..health import Outcome
from ..modellists import modellist
from ..request import edits
from ..request.edits import Outgoing
from ..routing.catalogue import Candidate
from ..runtime import Runtime
from . import buffering, retries
from .answer import Answer
from .buffering import Hold
from .patience import Patience

# An error body is read this far to see what it speaks of.
_READ_BYTES = 64 * 1024
_KEY_WORDS = re.compile(rb"(?i)api[ _-]?key|authenticat|credential|access token|missing scope")
_SHOWN_OF_KEY, _SHORTEST_SHOWN = 4, 12


@dataclass(slots=True)
class Errand:
    """What all tries for one call have in common."""

    exchange: Exchange
    outgoing: Outgoing
    runtime: Runtime
    config: Settings
    hold: Hold = Hold.NONE
    searches: bool = False  # for something a provider keeps: 404 means that it lies elsewhere
    reads_answer: bool = False  # so it must not come encoded

    @property
    def can_repeat(self) -> bool:
        """An upload that travels in parts is gone once it has begun."""
        return self.exchange.call.upload is None or not self.exchange.has_begun_upload


@dataclass(slots=True)
class Reply:
    """An answer that may go to the client."""

    answer: Answer
    provider: Provider
    sent: Outgoing
    refuses_usage: bool = False  # it is our own insertion that this provider does not understand


@dataclass(slots=True)
class Failure:
    """A try that gave nothing (`error`), or an error that goes to the client when nobody does better."""

    error: RelayError | None = None
    reply: Reply | None = None
    repeats: bool = False  # the same provider may be asked again
    moves_on: bool = False  # another one may
    refused_key: str | None = None
    retry_after: float | None = None  # seconds

    def drop(self) -> None:
        if self.reply is not None:
            self.reply.answer.close()


async def ask(errand: Errand, candidate: Candidate, key: str, *, is_last: bool) -> Reply | Failure:
    """`is_last`: nobody is asked after this one, so that nothing is gained by holding a preamble back."""
    runtime, provider = errand.runtime, candidate.provider
    sent = plain = _addressed(errand, candidate)
    if runtime.may_ask_usage(provider):
        sent = edits.ask_for_usage(plain, errand.exchange.call, provider, errand.config)
    result = await _try(errand, provider, key, sent, is_last)
    if isinstance(result, Reply) and result.refuses_usage:
        result.answer.close()
        result = await _try(errand, provider, key, plain, is_last)
        if isinstance(result, Reply) and result.answer.status < 400:
            runtime.remember_refusal(provider)
    return result


def _addressed(errand: Errand, candidate: Candidate) -> Outgoing:
    """With the provider's own name of the model."""
    outgoing = errand.outgoing
    if candidate.model is None or candidate.model == outgoing.model:
        return outgoing
    return edits.name_model(outgoing, errand.exchange.call, candidate.model)


async def _try(
    errand: Errand, provider: Provider, key: str, sent: Outgoing, is_last: bool
) -> Reply | Failure:
    exchange = errand.exchange
    exchange.model_sent, exchange.edits = sent.model, list(sent.edits)
    shown_key = key[-_SHOWN_OF_KEY:] if len(key) >= _SHORTEST_SHOWN else ""
    attempt = exchange.begin_attempt(provider.provider_key, sent.model, shown_key)
    began = time.monotonic_ns()
    had_reached, exchange.has_reached_provider = exchange.has_reached_provider, True
    try:
        reply = Reply(await _send(errand, provider, key, sent), provider, sent)
        attempt["status"] = reply.answer.status
        if reply.answer.status >= 400:
            return await _judge(errand, reply, key, attempt)
        if errand.hold is Hold.WHOLE or (errand.hold is Hold.PREAMBLE and not is_last):
            await _await_beginning(errand, reply)
        return reply
    except UpstreamError as fault:
        if isinstance(fault, NotSent):
            exchange.has_reached_provider = had_reached
        attempt["error"], attempt["message"] = fault.reason, fault.detail
        return _broken(errand, provider, fault)
    finally:
        attempt["latency_us"] = (time.monotonic_ns() - began) // 1000


async def _send(errand: Errand, provider: Provider, key: str, sent: Outgoing) -> Answer:
    exchange, config = errand.exchange, errand.config
    call, kind = exchange.call, provider_types.of(provider)
    times = Patience.of(exchange.route, provider, config)
    is_read = errand.reads_answer or sent.renaming is not None or modellist.is_limited(exchange, config)
    client_headers = headers.to_provider(call.headers, plain=call.is_streaming or is_read)
    if exchange.caching is not None and exchange.caching.conditions:
        client_headers = headers.overlay(client_headers, exchange.caching.conditions)
    return await errand.runtime.upstream.send(
        call.method,
        kind.url(provider, call.rest, call.query, sent.model),
        kind.headers(provider, client_headers) + kind.credentials(provider, key),
        sent.body if call.upload is None else exchange.tap_upload(call.upload),
        length=call.length,
        connect_seconds=times.connect_seconds,
        first_byte_seconds=times.first_byte_seconds,
        idle_seconds=times.idle_seconds,
    )


async def _await_beginning(errand: Errand, reply: Reply) -> None:
    """Raises MidStream when the answer breaks off before the client may see any of it."""
    exchange, runtime, held_before = errand.exchange, errand.runtime, errand.exchange.held_bytes

    def may_hold(size_bytes: int) -> bool:
        with suppress(RelayError):
            runtime.hold(exchange, size_bytes)
            return True
        return False

    try:
        await buffering.take(reply.answer, errand.hold, exchange.call.path, may_hold)
    except BaseException:
        reply.answer.close()
        runtime.hold(exchange, held_before - exchange.held_bytes)
        raise


async def _judge(errand: Errand, reply: Reply, key: str, attempt: dict[str, Any]) -> Reply | Failure:
    """What an error status means: an answer to the caller, or a reason to ask again."""
    provider, answer, health = reply.provider, reply.answer, errand.runtime.health
    status = answer.status
    if status == 401 or (status == 403 and _KEY_WORDS.search(await _peek(answer))):
        answer.close()
        health.key_refused(provider, key)
        error = errors.upstream_auth(provider.provider_key, provider.key_owner)
        attempt["error"] = error.code
        return Failure(error, moves_on=True, refused_key=key)
    asked = retries.retry_after(answer.headers)
    if status != 429 or provider.key_owner is None:  # the limits of a project's own key are its own
        health.report(provider.id, _outcome(status), retry_after_seconds=asked or 0, words=f"HTTP {status}")
    repeats = retries.repeats(status) and not retries.forbids_repeat(answer.headers)
    moves_on = retries.moves_on(status)
    if errand.searches:
        moves_on = status == 404 or (status == 400 and b"not_found" in await _peek(answer))
    if not (repeats or moves_on):
        if reply.sent.asks_usage and status in (400, 422):
            reply.refuses_usage = b"stream_options" in await _peek(answer)
        return reply
    return Failure(reply=reply, repeats=repeats, moves_on=moves_on, retry_after=asked)


def _broken(errand: Errand, provider: Provider, fault: UpstreamError) -> Failure:
    is_unsent = isinstance(fault, NotSent)
    is_late = fault.reason == "upstream_timeout" and not is_unsent
    outcome = Outcome.TIMEOUT if is_late else Outcome.TRANSPORT
    errand.runtime.health.report(provider.id, outcome, words=fault.detail)
    moves_on = (is_unsent or errand.config.failover_maybe_sent) and not errand.searches
    return Failure(fault.as_answer(provider.provider_key), repeats=is_unsent, moves_on=moves_on)


async def _peek(answer: Answer) -> bytes:
    """The start of an error body, which can still be passed on. Raises MidStream."""
    body = await answer.read(_READ_BYTES)
    answer.unread(body)
    try:
        return decoding.decode(body, headers.first(answer.headers, b"content-encoding"), _READ_BYTES)
    except Undecodable:
        return b""


def _outcome(status: int) -> Outcome:
    if status == 429:
        return Outcome.RATE_LIMITED
    if status == 408:
        return Outcome.TIMEOUT
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.CALLER_FAULT
