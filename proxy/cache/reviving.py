"""A stored answer asked for anew, while clients are still given the old one (stale-while-revalidate)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..delivery import delivery
from ..delivery.bodies import Broken
from ..delivery.delivery import RelayResponse
from ..errors import RelayError
from ..exchange import Exchange
from ..request.edits import Outgoing
from ..runtime import Runtime
from . import conditions
from .entry import Entry
from .plan import Plan

LINEAGE = "revalidation"
Way = Callable[[Exchange, Outgoing, Runtime], Awaitable[RelayResponse]]


def begin(
    exchange: Exchange, outgoing: Outgoing, runtime: Runtime, plan: Plan, entry: Entry, way: Way
) -> None:
    """Once at a time for each question. The call has a record of its own, with the client's as its parent."""
    cache = plan.cache
    if plan.key in cache.reviving:
        return
    cache.reviving.add(plan.key)
    again = Exchange(runtime.journal, replace(exchange.call), exchange.route)
    again.key, again.parent, again.lineage = exchange.key, exchange.request_id, LINEAGE
    asks = conditions.validators(entry.headers) if exchange.call.method == "GET" else []
    again.caching = replace(plan, stale=entry, conditions=asks, asked_at=time.time())
    cache.spawn(_revive(again, outgoing, runtime, plan, way))


async def _revive(again: Exchange, outgoing: Outgoing, runtime: Runtime, plan: Plan, way: Way) -> None:
    again.task = asyncio.current_task()
    runtime.enter(again)
    try:
        await _hear(await way(again, outgoing, runtime))
    except RelayError as error:
        again.fail("failed", error)
    except Broken:
        pass  # the record says so
    except asyncio.CancelledError:
        again.break_off()
        if not delivery.is_cancelled_by_relay(again):
            raise
    finally:
        again.close()
        runtime.leave(again)
        plan.cache.reviving.discard(plan.key)


async def _hear(response: RelayResponse) -> None:
    try:
        async for _ in response.delivery.parts():
            pass
    finally:
        response.delivery.close()
