"""A stored answer on its way to the client: through the same door and with the same edits as a provider's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from ..delivery import delivery
from ..delivery.bodies import Conveyed
from ..delivery.delivery import RelayResponse
from ..exchange import Exchange
from ..headers import RawHeaders, holds
from ..request.edits import Outgoing
from ..runtime import Runtime
from . import conditions, status
from .entry import Entry
from .plan import Plan
from .recording import Recording
from .status import Way

_PART_BYTES = 256 * 1024


def hit(
    exchange: Exchange,
    runtime: Runtime,
    plan: Plan,
    entry: Entry,
    outgoing: Outgoing,
    way: Way | None = None,
) -> RelayResponse:
    now = time.time()
    plan.cache.counters.hits += 1
    is_304 = exchange.call.method in ("GET", "HEAD") and conditions.is_unchanged(
        exchange.call.headers, entry.headers
    )
    exchange.cache_headers = status.hit(
        entry.terms.age(now), entry.terms.remaining(now), is_304=is_304, way=way
    )
    answer = _Stored(exchange, entry, is_304=is_304, keeps_pace=plan.original_pace)
    return _conveyed(exchange, runtime, plan, entry, outgoing, answer)


def shared(
    exchange: Exchange,
    runtime: Runtime,
    plan: Plan,
    recording: Recording,
    outgoing: Outgoing,
    leave: Callable[[], None],
) -> RelayResponse:
    """The same words while they come, for somebody who asked the same a moment later."""
    plan.cache.counters.hits += 1
    plan.cache.counters.collapsed += 1
    exchange.cache_headers = status.shared(plan.why)
    answer = _Live(exchange, recording, leave)
    return _conveyed(exchange, runtime, plan, recording.entry, outgoing, answer)


def _conveyed(
    exchange: Exchange, runtime: Runtime, plan: Plan, entry: Entry, outgoing: Outgoing, answer: _Stored
) -> RelayResponse:
    exchange.is_cached = True
    exchange.model_sent = entry.model
    told: dict[str, object] = {"kind": "cache", "key": plan.key.digest, "source": entry.source or None}
    if entry.is_folded:
        told["folded"] = True
    exchange.edits = [told]
    exchange.open()
    hides_usage = entry.asked_usage and not plan.asked.wants_usage
    sent = Outgoing(None, entry.model, asks_usage=hides_usage, asked=outgoing.asked)
    return delivery.conveyed(Conveyed(exchange, runtime, answer, entry.provider, sent), runtime)


class _Stored:
    """In the place of a provider's answer."""

    def __init__(
        self, exchange: Exchange, entry: Entry, *, is_304: bool = False, keeps_pace: bool = False
    ) -> None:
        self.status = 304 if is_304 else 200
        self.headers = _headers(exchange, entry, is_304=is_304)
        self.is_event_stream = entry.is_stream
        self._entry = entry
        self._is_empty = is_304 or exchange.call.method == "HEAD"
        self._keeps_pace = keeps_pace and entry.is_stream

    @property
    def is_json(self) -> bool:
        return holds(self.headers, b"application/json")

    async def parts(self) -> AsyncIterator[bytes]:
        if self._is_empty:
            return
        if self._keeps_pace:
            loop = asyncio.get_running_loop()
            began = loop.time()
            for offset_us, part in self._entry.parts():
                await asyncio.sleep(began + offset_us / 1e6 - loop.time())
                yield part
            return
        body = self._entry.body
        for start in range(0, len(body), _PART_BYTES):
            yield body[start : start + _PART_BYTES]

    def close(self) -> None:
        """Nothing is held."""


class _Live(_Stored):
    def __init__(self, exchange: Exchange, recording: Recording, leave: Callable[[], None]) -> None:
        super().__init__(exchange, recording.entry)
        self._recording = recording
        self._leave: Callable[[], None] | None = leave

    def parts(self) -> AsyncIterator[bytes]:
        return self._recording.parts()

    def close(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


def _headers(exchange: Exchange, entry: Entry, *, is_304: bool) -> RawHeaders:
    own = [(b"x-request-id", exchange.request_id.encode())]
    if is_304:
        return conditions.of_304(entry.headers) + own
    if not entry.is_stream:
        own.append((b"content-length", b"%d" % len(entry.body)))
    return entry.headers + own
