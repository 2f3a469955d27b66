"""The spine: one call from its head to the head of its answer, one concern a line.

Streaming or not, chat or audio, the provider's answer or our own error: all take this path and leave by
`delivery`. The body of the answer follows there.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings

from . import limits
from .access import authentication, policy
from .cache import answering, planning
from .delivery import delivery
from .delivery.delivery import RelayResponse
from .errors import RelayError
from .exchange import Exchange
from .modellists import merging
from .processors import chain
from .request import edits, parsing
from .request.edits import Outgoing
from .request.parsing import Source
from .routing import routes, routing
from .runtime import Runtime
from .selfservice import selfservice
from .sending import attempts, children


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
        if runtime.snapshots.current.routes:
            routes.check_head(call, exchange.route)
        runtime.admit()
        hold, whole = partial(runtime.hold, exchange), policy.reads_body(exchange.key, config)
        catalogue = runtime.snapshots.current.catalogue
        whole = whole or catalogue.has_param_rules or (call.endpoint.takes_form and catalogue.needs_models)
        await parsing.read_body(call, source, settings.MAX_REQUEST_BYTES, hold, whole=whole)
        snapshot = runtime.snapshots.current
        outgoing = edits.begin(call, snapshot.settings)
        if exchange.route is not None:
            routes.check_body(call, exchange.route)
            outgoing = routes.note(outgoing, exchange.route)
        policy.check_body(call, exchange.key, config, outgoing.model)
        if exchange.key.budgets:
            await limits.take(exchange, exchange.key.budgets, runtime.limiter)
        if runtime.cache is not None and planning.concerns(exchange):
            return await answering.answer(exchange, outgoing, runtime, fetch)
        return await fetch(exchange, outgoing, runtime)
    except RelayError as error:
        return _refuse(exchange, error, runtime)


async def fetch(exchange: Exchange, outgoing: Outgoing, runtime: Runtime) -> RelayResponse:
    """The rest of the way, for what no stored answer answers. Raises RelayError."""
    try:
        await runtime.quotas.take(exchange)
        if merging.is_ours(exchange, runtime.snapshots.current):
            exchange.open()
            return delivery.own_content(exchange, runtime, await merging.body(exchange, runtime))
        if exchange.route is not None and exchange.route.processors:
            exchange.open()  # what they do, and what fails of it, is recorded
            outgoing = await chain.run(
                exchange, exchange.route, outgoing, partial(children.ask, exchange, runtime)
            )
        choice = await routing.choose(exchange, outgoing, runtime)
        exchange.open()
        return await attempts.send(exchange, choice, outgoing, runtime)
    finally:
        await runtime.quotas.settle(exchange)


def _refuse(exchange: Exchange, error: RelayError, runtime: Runtime) -> RelayResponse:
    runtime.measures.refusals[error.code] += 1
    if exchange.is_open:
        exchange.fail("failed", error)
    elif exchange.key is not None:
        runtime.rejections.add(exchange.key.id, exchange.id, exchange.refuse(error))
    else:
        runtime.count_unknown_key(exchange.call.client_ip)
    return delivery.own(exchange, runtime, error)
