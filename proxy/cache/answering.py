"""The step of the pipeline: a stored answer, or the rest of the way and what is kept of it.

An answer is stored under the provider and model that gave it, and given only where routing might ask that
very one first, now. So what somebody gave in the place of another is never taken for the other's, and is used
while that somebody is the one to ask.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from .. import refusals
from ..configuration.configuration import Provider
from ..delivery import delivery
from ..delivery.delivery import RelayResponse
from ..errors import RelayError
from ..exchange import Exchange
from ..headers import first
from ..request.edits import Outgoing
from ..routing import routing
from ..runtime import Runtime
from ..sending.answer import Answer
from . import choosing, conditions, freshness, judging, keys, planning, reviving, serving, status
from .collapse import MOST_WAITERS, Rest, Shared
from .entry import Entry, kept_headers
from .freshness import Terms, Use
from .plan import Plan
from .recording import Recording
from .reviving import Way
from .status import Forward

_FAILED = (500, 502, 503, 504)


async def answer(exchange: Exchange, outgoing: Outgoing, runtime: Runtime, way: Way) -> RelayResponse:
    """`way` leads to the provider. Raises RelayError like it does."""
    rest = partial(way, exchange, outgoing, runtime)
    plan = planning.make(exchange, outgoing, runtime)
    assert runtime.cache is not None
    if isinstance(plan, str):
        if plan:
            runtime.cache.counters.bypassed += 1
            exchange.cache_headers = status.forwarded(Forward.BYPASS, detail=plan)
        return await rest()
    plan.cache.follow(runtime.snapshots.current.purges)
    found, plan.mark = await plan.cache.store.find(plan.key)
    entry, plan.why = choosing.choose(found, plan.asked, partial(_may_serve, exchange, runtime))
    if entry is not None:
        if entry.is_folded and entry not in found:
            plan.cache.keep(plan.key, entry, plan.asked_at)
        use = freshness.judge(entry.terms, plan.wish, time.time())
        if use is Use.BEHIND:
            reviving.begin(exchange, outgoing, runtime, plan, entry, way)
        if use is not Use.NEVER:
            plan.cache.counters.stale += use is not Use.FRESH
            return serving.hit(exchange, runtime, plan, entry, outgoing)
        plan.why = Forward.STALE if entry.terms.remaining(time.time()) <= 0 else Forward.REQUEST
    if plan.wish.only_if_cached:
        raise refusals.not_in_cache()
    return await _forward(exchange, outgoing, runtime, plan, entry, rest)


async def deliver(
    exchange: Exchange,
    runtime: Runtime,
    answer: Answer,
    provider: Provider,
    sent: Outgoing,
    routed: str | None,
) -> RelayResponse:
    """What came of going to the provider, which was asked for the model that routing knows as `routed`."""
    plan = exchange.caching
    assert plan is not None
    stale, is_behind = plan.stale, exchange.lineage == reviving.LINEAGE
    if stale is not None and answer.status == 304 and plan.conditions:
        confirmed = _confirmed(plan, stale, answer)
        if not is_behind:
            answer.close()
            way = status.Way(plan.why, 304, detail="confirmed by the provider")
            return serving.hit(exchange, runtime, plan, confirmed, sent, way)
    elif stale is not None and answer.status in _FAILED and _outlasts(plan, stale) and not is_behind:
        answer.close()
        failed = status.Way(plan.why, answer.status, detail="stale, since the provider failed")
        return _stand_in(exchange, runtime, plan, stale, sent, failed)
    else:
        plan.recording = _recording(exchange, plan, answer, provider, sent, routed)
    return delivery.passed_on(exchange, runtime, answer, provider, sent, plan.recording)


async def _forward(
    exchange: Exchange, outgoing: Outgoing, runtime: Runtime, plan: Plan, entry: Entry | None, rest: Rest
) -> RelayResponse:
    exchange.cache_headers = status.forwarded(plan.why)
    exchange.caching = plan
    plan.stale = entry
    if entry is not None and exchange.call.method == "GET":
        plan.conditions = conditions.validators(entry.headers)
    try:
        if plan.grant is None or not plan.may_store or plan.why is Forward.REQUEST:
            return await rest()
        return await _together(exchange, outgoing, runtime, plan, rest)
    except RelayError as error:
        if entry is None or error.status not in _FAILED or not _outlasts(plan, entry):
            raise
        failed = status.Way(plan.why, detail=f"stale, since the provider failed ({error.code})")
        return _stand_in(exchange, runtime, plan, entry, outgoing, failed)
    finally:
        plan.cache.counters.misses += not exchange.is_cached


async def _together(
    exchange: Exchange, outgoing: Outgoing, runtime: Runtime, plan: Plan, rest: Rest
) -> RelayResponse:
    calls, name = plan.cache.calls, (plan.key, plan.asked.is_streaming)
    shared = calls.get(name)
    if shared is None:
        shared = calls[name] = Shared(exchange, runtime, partial(plan.cache.end_call, name))
        return await shared.lead(rest)
    if shared.waiters >= MOST_WAITERS:
        return await rest()
    exchange.open()
    recording = await shared.follow()
    response = await _joined(exchange, outgoing, runtime, plan, shared, recording)
    return response if response is not None else await rest()


async def _joined(
    exchange: Exchange,
    outgoing: Outgoing,
    runtime: Runtime,
    plan: Plan,
    shared: Shared,
    recording: Recording | None,
) -> RelayResponse | None:
    """None: this one goes its own way."""
    is_live = False
    try:
        if recording is None or not recording.is_kept:
            return None
        fitting, _ = choosing.choose((recording.entry,), plan.asked, partial(_may_serve, exchange, runtime))
        if fitting is None:
            return None
        if not plan.asked.is_streaming:
            await recording.ended()
            whole = recording.whole
            if whole is None:
                return None
            plan.cache.counters.collapsed += 1
            way = status.Way(plan.why, is_collapsed=True)
            return serving.hit(exchange, runtime, plan, whole, outgoing, way)
        is_live = True
        return serving.shared(exchange, runtime, plan, recording, outgoing, shared.leave)
    finally:
        if not is_live:
            shared.leave()


def _may_serve(exchange: Exchange, runtime: Runtime, entry: Entry) -> bool:
    model = entry.routed
    for candidate in routing.firsts(exchange, model, runtime):
        if entry.target == choosing.target_of(candidate.provider, candidate.model or model):
            return True
    return False


def _outlasts(plan: Plan, entry: Entry) -> bool:
    return freshness.outlasts_error(entry.terms, plan.wish, time.time())


def _stand_in(
    exchange: Exchange, runtime: Runtime, plan: Plan, entry: Entry, outgoing: Outgoing, way: status.Way
) -> RelayResponse:
    plan.cache.counters.stale += 1
    return serving.hit(exchange, runtime, plan, entry, outgoing, way)


def _confirmed(plan: Plan, stale: Entry, answer: Answer) -> Entry:
    """The provider says that nothing has changed: what is stored is as good as new."""
    merged = conditions.freshened(stale.headers, kept_headers(answer.headers))
    dated = conditions.freshened(merged, answer.headers)
    terms = freshness.terms(
        200, dated, plan.grant, plan.cache.default_ttl, asked_at=plan.asked_at, received_at=time.time()
    )
    plan.cache.counters.revalidated += 1
    if not isinstance(terms, Terms):  # it may not be kept any longer, but this once it is true
        return replace(stale, headers=merged)
    entry = replace(stale, headers=merged, terms=terms)
    plan.cache.keep(plan.key, entry, plan.asked_at)
    return entry


def _recording(
    exchange: Exchange, plan: Plan, answer: Answer, provider: Provider, sent: Outgoing, routed: str | None
) -> Recording | None:
    """None, with the reason in the headers, of an answer that is not to be kept."""
    cache, call = plan.cache, exchange.call
    terms: Terms | str = "nobody asked to keep it"
    if plan.may_store:
        terms = freshness.terms(
            answer.status,
            answer.headers,
            plan.grant,
            cache.default_ttl,
            asked_at=plan.asked_at,
            received_at=time.time(),
        )
    if isinstance(terms, Terms) and (why := _refusal(plan, answer)):
        terms = why
    if isinstance(terms, str):
        exchange.cache_headers = status.forwarded(plan.why, detail=terms if plan.may_store else "")
        return None
    if cache.store.is_away:  # it may be back when the answer ends, and others may be waiting for it
        exchange.cache_headers = status.forwarded(plan.why, detail="the cache does not answer")
    else:
        exchange.cache_headers = status.forwarded(plan.why, is_stored=True, ttl=terms.remaining(time.time()))
    entry = Entry(
        headers=kept_headers(answer.headers),
        body=b"",
        terms=terms,
        label=plan.label._replace(provider=provider.provider_key),
        provider=provider.provider_key,
        target=choosing.target_of(provider, sent.model),
        model=sent.model,
        routed=routed,
        asked_usage=sent.asks_usage or plan.asked.wants_usage,
        is_stream=answer.is_event_stream,
        vary=choosing.vary_of(answer.headers, call.headers),
        source=exchange.request_id,
        mark=plan.mark,
    )
    return Recording(entry, cache.object_bytes, cache.room, partial(_keep, plan, call.path, answer))


def _refusal(plan: Plan, answer: Answer) -> str:
    length = first(answer.headers, b"content-length")
    if length.isdigit() and (len(length) > 15 or int(length) > plan.cache.object_bytes):
        return "it is too large"
    if answer.is_event_stream and not plan.cache.stores_streams:
        return "streams are not cached here"
    if plan.asked.is_streaming and not answer.is_event_stream:
        return "it is no stream"
    return "" if not plan.body or keys.is_exact(plan.body) else "the request can be read in two ways"


def _keep(plan: Plan, path: str, answer: Answer, entry: Entry) -> bool:
    if judging.refusal_of_answer(path, answer.headers, entry.body, is_stream=entry.is_stream):
        return False
    return plan.cache.keep(plan.key, entry, plan.asked_at)
