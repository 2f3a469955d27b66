"""The way of one call through its candidates, until one of them answers.

Each is repeated as often as HTTP_MAX_RETRIES says, and up to MAX_FAILOVERS others take over; `retries` has
the rules. Nothing is asked again once the client has seen a byte, or an upload in parts has begun.
"""

from __future__ import annotations

import asyncio

from ..cache import answering, invalidation
from ..delivery import delivery
from ..delivery.delivery import RelayResponse
from ..errors import MidStream
from ..exchange import Exchange
from ..modellists import modellist
from ..request.edits import Outgoing
from ..routing import routing, stickiness
from ..routing.catalogue import Candidate
from ..routing.routing import Choice
from ..routing.stickiness import Tie
from ..runtime import Runtime
from . import attempt, buffering, patience, retries
from .attempt import Errand, Failure, Reply
from .buffering import Hold


async def send(exchange: Exchange, choice: Choice, outgoing: Outgoing, runtime: Runtime) -> RelayResponse:
    """Raises RelayError when no provider gave anything that could be passed on."""
    config = runtime.snapshots.current.settings
    hold = buffering.wanted(exchange, config)
    is_read = hold is Hold.WHOLE or choice.tie is not None
    is_read = is_read or (exchange.caching is not None and exchange.caching.wants_plain)
    errand = Errand(exchange, outgoing, runtime, config, hold, choice.searches, is_read)
    first = choice.candidates[0].provider
    runtime.limit_total(exchange, patience.total_seconds(exchange.route, first, config))
    result = await _ask_in_turn(errand, choice.candidates)
    if isinstance(result, Failure) and result.reply is None and choice.serving:
        result = await _ask_left_out(errand, choice, result)
    if hold is not Hold.WHOLE:
        runtime.let_go(exchange)
    reply = result.reply if isinstance(result, Failure) else result
    if reply is None:
        assert isinstance(result, Failure) and result.error is not None
        raise result.error.after(exchange.attempts)
    exchange.model_sent, exchange.edits = reply.sent.model, list(reply.sent.edits)
    if choice.tie is not None and reply.answer.status < 400:
        await _learn(choice, choice.tie, reply, runtime)
    return await _deliver(errand, reply)


async def _ask_in_turn(errand: Errand, candidates: tuple[Candidate, ...]) -> Reply | Failure:
    if len(candidates) == 1:
        return await _ask(errand, candidates[0], is_last=True)
    failures: list[Failure] = []
    try:
        result = await _walk(errand, candidates, failures)
        failures = [failure for failure in failures if failure is not result]
        return result
    finally:
        for failure in failures:
            failure.drop()


async def _ask_left_out(errand: Errand, choice: Choice, failure: Failure) -> Reply | Failure:
    """Nobody gave an answer that could be passed on. Whom the breaker spares is asked before the caller hears
    that: it may be well again, or may never have been as ill as those who were asked.
    """
    room = 1 + errand.config.max_failovers - len(choice.candidates)
    for candidate in routing.left_out(choice, errand.runtime)[: max(room, 0)]:
        if not (failure.moves_on and errand.can_repeat):
            break
        result = await _ask(errand, candidate, is_last=True)
        if isinstance(result, Reply) or result.reply is not None:
            return result
        failure = result
    return failure


async def _walk(
    errand: Errand, candidates: tuple[Candidate, ...], failures: list[Failure]
) -> Reply | Failure:
    """The first that answers, or the failure to tell the client of; `failures` are to be dropped."""
    health, most = errand.runtime.health, 1 + errand.config.max_failovers
    for place, candidate in enumerate(candidates, 1):
        is_only_one_left = place == len(candidates)
        permit = health.begin(candidate.provider.id, anyway=is_only_one_left or errand.searches)
        if permit is None:
            continue  # it recovers, and others are trying it already
        is_last = is_only_one_left or len(failures) + 1 == most
        with permit:
            result = await _ask(errand, candidate, is_last=is_last)
        if isinstance(result, Reply):
            return result
        failures.append(result)
        if is_last or not (result.moves_on and errand.can_repeat):
            break
    return _best(failures, errand)


async def _ask(errand: Errand, candidate: Candidate, *, is_last: bool) -> Reply | Failure:
    """One provider: with its next key where one is refused, and again where that may help."""
    provider, health = candidate.provider, errand.runtime.health
    repeats = provider.http_max_retries
    if repeats is None:
        repeats = errand.config.http_max_retries
    other_keys, repeated = len(provider.extra_api_keys), 0
    while True:
        key = health.key_for(provider)
        result = await attempt.ask(errand, candidate, key, is_last=is_last)
        if isinstance(result, Reply) or not errand.can_repeat:
            return result
        if result.refused_key and other_keys:
            other_keys -= 1
            continue
        wait = retries.wait(repeated, result.retry_after)
        if not result.repeats or repeated == repeats or wait is None:
            return result
        repeated += 1
        result.drop()
        await asyncio.sleep(wait)


def _best(failures: list[Failure], errand: Errand) -> Failure:
    """What to tell the client when all fail: a provider's own words, the last ones; of a search, home's."""
    if errand.searches:
        return failures[0]
    return next((failure for failure in reversed(failures) if failure.reply is not None), failures[-1])


async def _learn(choice: Choice, tie: Tie, reply: Reply, runtime: Runtime) -> None:
    """Where this is kept, before the client can ask for it. What is kept at home nobody needs to be told."""
    ids = tie.ids if choice.searches else ()
    if reply.provider.id == choice.home:
        runtime.whereabouts.remember(ids, choice.home)
        return
    if tie.makes:
        try:
            made = stickiness.id_in(await reply.answer.read_until(stickiness.id_in))
        except MidStream as fault:
            raise fault.as_answer(reply.provider.provider_key) from fault
        ids += (made,) if made else ()
    if ids:
        await runtime.whereabouts.learn(ids, reply.provider.id)


async def _deliver(errand: Errand, reply: Reply) -> RelayResponse:
    exchange, runtime, answer, provider = errand.exchange, errand.runtime, reply.answer, reply.provider
    if runtime.cache is not None and exchange.key is not None:
        await invalidation.after(exchange.call, exchange.key, answer, provider, runtime.cache)
    if modellist.is_limited(exchange, errand.config):
        return await modellist.passed_on(exchange, runtime, answer, provider, reply.sent)
    if exchange.caching is not None:
        routed = errand.outgoing.model
        return await answering.deliver(exchange, runtime, answer, provider, reply.sent, routed)
    return delivery.passed_on(exchange, runtime, answer, provider, reply.sent)
