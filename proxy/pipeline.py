"""The spine: one call from its head to the head of its answer, one concern a line.

Streaming or not, chat or audio, the provider's answer or our own error: all take this path and leave by
`delivery`. The body of the answer follows there.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from django.conf import settings

from . import (
    authentication,
    delivery,
    edits,
    errors,
    headers,
    limits,
    modellist,
    ownkeys,
    parsing,
    policy,
    provider_types,
    selfservice,
)
from .answer import Answer
from .delivery import RelayResponse
from .edits import Outgoing
from .errors import MidStream, NotSent, RelayError, UpstreamError
from .exchange import Exchange
from .parsing import Source
from .runtime import Runtime
from .snapshot import Project, Provider, Snapshot

# An error body is read this far to see whether the provider refuses `stream_options`.
_REFUSAL_BYTES = 64 * 1024


async def answer(exchange: Exchange, source: Source, runtime: Runtime) -> RelayResponse:
    call = exchange.call
    try:
        if call.method == "OPTIONS":
            return delivery.preflight(exchange, runtime)
        if exchange.key is None:  # a replay brings its own
            exchange.key = await authentication.authenticate(call.headers, runtime.snapshots)
        authentication.check(exchange.key)
        if selfservice.takes(call):
            return await selfservice.answer(exchange, runtime)
        parsing.check_head(call, settings.MAX_REQUEST_BYTES)
        config = runtime.snapshots.current.settings
        policy.check_head(call, exchange.key, config)
        runtime.admit()
        hold, whole = partial(runtime.hold, exchange), policy.reads_body(exchange.key, config)
        await parsing.read_body(call, source, settings.MAX_REQUEST_BYTES, hold, whole=whole)
        snapshot = runtime.snapshots.current
        outgoing = edits.name_default_model(call, snapshot.settings)
        policy.check_body(call, exchange.key, config, outgoing.model)
        if exchange.key.budgets:
            await limits.take(exchange, exchange.key.budgets, runtime.limiter)
        await runtime.quotas.take(exchange)
        if exchange.only_provider is not None:
            snapshot = snapshot.only(exchange.only_provider)
        provider = _choose(snapshot, exchange.key.project, outgoing.model)
        exchange.open()
        return await _send(exchange, provider, outgoing, runtime)
    except RelayError as error:
        return _refuse(exchange, error, runtime)
    finally:
        await runtime.quotas.settle(exchange)


def _refuse(exchange: Exchange, error: RelayError, runtime: Runtime) -> RelayResponse:
    if exchange.is_open:
        exchange.fail("failed", error)
    elif exchange.key is not None:
        runtime.rejections.add(exchange.key.id, exchange.id, exchange.refuse(error))
    else:
        runtime.count_unknown_key(exchange.call.client_ip)
    return delivery.own(exchange, runtime, error)


def _choose(snapshot: Snapshot, project: Project | None, model: str | None) -> Provider:
    provider = ownkeys.provider_of(project, snapshot) or snapshot.provider_for(model)
    if provider is None:
        raise errors.no_provider()
    if provider.error:
        raise errors.provider_unusable(provider.provider_key, provider.error)
    if provider.provider_type not in provider_types.TYPES:
        why = f"its type '{provider.provider_type}' is unknown."
        raise errors.provider_unusable(provider.provider_key, why)
    if not provider.api_key:
        raise errors.provider_without_key(provider.provider_key)
    return provider


async def _send(
    exchange: Exchange, provider: Provider, outgoing: Outgoing, runtime: Runtime
) -> RelayResponse:
    config = runtime.snapshots.current.settings
    runtime.limit_total(exchange, _first_set(provider.total_timeout_seconds, config.total_timeout_seconds))
    asking = outgoing
    if runtime.may_ask_usage(provider):
        asking = edits.ask_for_usage(outgoing, exchange.call, provider, config)
    reply = await _try(exchange, provider, asking, runtime)
    if asking.asks_usage and await _refuses_usage(reply, provider):
        asking = outgoing
        reply = await _try(exchange, provider, outgoing, runtime)
        if reply.status < 400:
            runtime.remember_refusal(provider)
    runtime.let_go(exchange)
    if reply.status == 401:
        reply.close()
        raise errors.upstream_auth(provider.provider_key, provider.key_owner)
    key = provider.provider_key
    if modellist.is_limited(exchange, config):
        return await modellist.passed_on(exchange, runtime, reply, key)
    return delivery.passed_on(exchange, runtime, reply, key, hide_usage=asking.asks_usage)


async def _refuses_usage(reply: Answer, provider: Provider) -> bool:
    """Whether it is our own insertion that this provider does not understand."""
    if reply.status not in (400, 422):
        return False
    try:
        refusal = await reply.read(_REFUSAL_BYTES)
    except MidStream as fault:
        raise fault.as_answer(provider.provider_key) from fault
    if b"stream_options" in refusal:
        reply.close()
        return True
    reply.unread(refusal)
    return False


async def _try(exchange: Exchange, provider: Provider, outgoing: Outgoing, runtime: Runtime) -> Answer:
    """One attempt at one provider, noted in the record however it ends."""
    call, config = exchange.call, runtime.snapshots.current.settings
    kind = provider_types.of(provider)
    exchange.model_sent, exchange.edits = outgoing.model, list(outgoing.edits)
    attempt: dict[str, Any] = {"provider": provider.provider_key, "status": None, "error": None}
    attempt["started_us"] = exchange.offset_us
    exchange.attempts.append(attempt)
    began = time.monotonic_ns()
    had_reached, exchange.has_reached_provider = exchange.has_reached_provider, True
    try:
        reply = await runtime.upstream.send(
            call.method,
            kind.url(provider, call.rest, call.query),
            headers.to_provider(
                call.headers,
                kind.credentials(provider),
                plain=call.is_streaming or modellist.is_limited(exchange, config),
            ),
            outgoing.body if call.upload is None else exchange.tap_upload(call.upload),
            length=call.length,
            connect_seconds=_first_set(provider.connect_timeout_seconds, config.connect_timeout_seconds),
            first_byte_seconds=_first_set(
                provider.first_byte_timeout_seconds, config.first_byte_timeout_seconds
            ),
            idle_seconds=_first_set(provider.idle_timeout_seconds, config.idle_timeout_seconds),
        )
    except UpstreamError as fault:
        if isinstance(fault, NotSent):
            exchange.has_reached_provider = had_reached
        attempt["error"] = fault.reason
        raise fault.as_answer(provider.provider_key) from fault
    finally:
        attempt["latency_us"] = (time.monotonic_ns() - began) // 1000
    attempt["status"] = reply.status
    return reply


def _first_set(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
