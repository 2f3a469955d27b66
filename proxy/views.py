"""The one view of the lane, and the same for Django's own handler and test client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

from accounts.audit import requestid

from . import errors, pipeline, runtime
from .delivery import delivery
from .delivery.delivery import RelayResponse
from .exchange import Exchange
from .request import parsing
from .request.parsing import Source
from .routing import routes
from .runtime import Runtime

_PART_BYTES = 256 * 1024


async def relay(request: ASGIRequest) -> StreamingHttpResponse:
    response = await call(request.scope, Spooled(request))
    return response.as_django()


async def call(scope: Mapping[str, Any], source: Source) -> RelayResponse:
    """Answers one call of the lane. Raises CancelledError only when the client left."""
    lane = await runtime.current()
    route = routes.find(lane.snapshots.current.routes, scope["path"])
    exchange = Exchange(lane.journal, parsing.read_head(scope, routes.version_prefix(route)), route)
    return await answer(exchange, source, lane)


async def answer(exchange: Exchange, source: Source, lane: Runtime) -> RelayResponse:
    """Whoever asks, the record is closed when the answer's delivery is."""
    lane.enter(exchange)
    requestid.current.set(exchange.request_id)
    try:
        return await pipeline.answer(exchange, source, lane)
    except asyncio.CancelledError:
        if exchange.is_handed_on:
            raise  # others wait for its answer: the call goes on, and its record with it
        if exchange.key is not None:
            exchange.open()  # it was admitted, so there is a record of it
        exchange.break_off()
        if delivery.is_cancelled_by_relay(exchange):
            return delivery.own(exchange, lane, exchange.aborted_by or errors.stopping())
        exchange.close()
        lane.leave(exchange)
        raise
    except Exception:
        runtime.log.exception("Request %s failed inside the relay", exchange.request_id)
        if exchange.key is not None:
            exchange.open()
        exchange.fail("failed", errors.internal())
        return delivery.own(exchange, lane, errors.internal())


class Spooled:
    """The body as Django's own handler took it."""

    def __init__(self, request: ASGIRequest) -> None:
        self._request = request

    async def parts(self) -> AsyncIterator[bytes]:
        while part := self._request.read(_PART_BYTES):
            yield part
