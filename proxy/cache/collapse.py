"""One call upstream for all who ask the same at the same time.

The call runs in a task of its own and belongs to no client: the exchange of the first one tells of it in the
records, whether that client stays or leaves, and it ends with the last one who waits. Whoever waits may
leave. What fails before it began fails for the first alone; each of the others then goes its own way.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from ..delivery import delivery
from ..delivery.bodies import Broken, Delivery
from ..delivery.delivery import RelayResponse
from ..errors import RelayError
from ..exchange import Exchange
from .recording import Recording

if TYPE_CHECKING:
    from ..runtime import Runtime

Rest = Callable[[], Awaitable[RelayResponse]]

MOST_WAITERS = 1000
# Clients close on a stream's last event; the end of the body is still to come, and worth waiting for.
_ENDING_SECONDS = 5.0
_AHEAD_BYTES = 1024 * 1024  # of what the first client has taken

log = logging.getLogger("relay.cache")


class Shared:
    def __init__(self, exchange: Exchange, runtime: Runtime, forget: Callable[[], None]) -> None:
        self.waiters = 0  # the first client is one of them
        self._exchange = exchange
        self._runtime = runtime
        self._forget = forget
        loop = asyncio.get_running_loop()
        self._head: asyncio.Future[RelayResponse] = loop.create_future()
        self._begun: asyncio.Future[Recording | None] = loop.create_future()
        self._pipe = Pipe()
        self._body: Delivery | None = None
        self._task: asyncio.Task[None] | None = None
        self._first_has_left = False

    async def lead(self, rest: Rest) -> RelayResponse:
        """For the first client: the rest of its way, and its answer."""
        self._task = asyncio.get_running_loop().create_task(self._run(rest, self._exchange.task))
        self.waiters += 1
        try:
            return await asyncio.shield(self._head)
        except asyncio.CancelledError:
            await self._hand_on()
            raise
        except RelayError:
            if self._exchange.aborted_by is None:
                raise
            self._exchange.break_off()
            return delivery.own(self._exchange, self._runtime, self._exchange.aborted_by)

    async def follow(self) -> Recording | None:
        """For everybody else: what is being told, or None when it is not to be shared. Then `leave`."""
        self.waiters += 1
        try:
            return await asyncio.shield(self._begun)
        except asyncio.CancelledError:
            self.leave()
            raise

    def leave(self) -> None:
        self.waiters -= 1
        if self.waiters == 0 and self._task is not None and not self._pipe.is_over:
            if getattr(self._body, "is_terminated", False):
                asyncio.get_running_loop().call_later(_ENDING_SECONDS, self._task.cancel)
            else:
                self._task.cancel()

    def leave_first(self) -> None:
        """The first client has taken all, or does not want the rest."""
        if self._first_has_left:
            return
        self._first_has_left = True
        if not self._pipe.is_over and self.waiters > 1 and not getattr(self._body, "is_terminated", False):
            self._exchange.outcome = "client_disconnected"
        self._pipe.discard()
        self.leave()

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _hand_on(self) -> None:
        """The first client leaves before its answer began."""
        assert self._task is not None
        if self._head.done() and not self._head.cancelled() and self._head.exception() is None:
            self._exchange.is_handed_on = True
            self._head.result().delivery.close()
        elif self.waiters > 1 and not self._head.done():
            self._exchange.is_handed_on = True
            self.leave_first()
        else:
            self._first_has_left = True
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, rest: Rest, first: asyncio.Task[object] | None) -> None:
        exchange = self._exchange
        exchange.task = asyncio.current_task()
        try:
            response = await rest()
        except asyncio.CancelledError:
            if not delivery.is_cancelled_by_relay(exchange):
                self._fail(None)
                raise
            self._fail(exchange.aborted_by)
        except Exception as error:
            self._fail(error)
        else:
            recording = exchange.caching.recording if exchange.caching else None
            if recording is None:  # nothing to share: its own client takes it
                self._hand_over(response, first)
            else:
                await self._tell(response, recording)
        finally:
            self._forget()

    def _hand_over(self, response: RelayResponse, first: asyncio.Task[object] | None) -> None:
        self._exchange.task = first
        self._pipe.end()
        self._begun.set_result(None)
        if self._exchange.is_handed_on:
            response.delivery.close()
        else:
            self._head.set_result(response)

    async def _tell(self, response: RelayResponse, recording: Recording) -> None:
        self._body = body = response.delivery
        self._begun.set_result(recording)
        if not self._exchange.is_handed_on:
            piped = Piped(self._exchange, self._runtime, self)
            self._head.set_result(RelayResponse(response.status_code, response.raw_headers, piped))
        try:
            async for part in body.parts():
                await self._pipe.add(part)
        except asyncio.CancelledError:
            words = body.last_words()
            if not delivery.is_cancelled_by_relay(self._exchange):
                raise
            self._pipe.end(None if words else Broken("the relay ended it"), words or b"")
        except Exception as error:
            self._pipe.end(error)
        else:
            self._pipe.end()
        finally:
            body.close()

    def _fail(self, error: Exception | None) -> None:
        """Without an error nobody is there any more to hear of it."""
        self._pipe.end()
        self._begun.set_result(None)
        exchange = self._exchange
        if not exchange.is_handed_on:
            if error is not None:
                self._head.set_exception(error)
                self._head.exception()  # it may have left at this very moment
            return
        if isinstance(error, RelayError):
            exchange.fail("failed", error)
        elif error is not None:
            log.error("Request %s failed inside the relay", exchange.request_id, exc_info=error)
        exchange.open()
        exchange.close()
        self._runtime.leave(exchange)


class Pipe:
    """What the first client is still to take."""

    def __init__(self) -> None:
        self.is_over = False
        self._parts: deque[bytes] = deque()
        self._bytes = 0
        self._error: Exception | None = None
        self._is_discarding = False
        self._changed = asyncio.Event()

    async def add(self, part: bytes) -> None:
        if self._is_discarding:
            return
        self._parts.append(part)
        self._bytes += len(part)
        self._changed.set()
        while self._bytes > _AHEAD_BYTES and not self._is_discarding:
            await self._change()

    def end(self, error: Exception | None = None, words: bytes = b"") -> None:
        if words:
            self._parts.append(words)
        self.is_over, self._error = True, error
        self._changed.set()

    def discard(self) -> None:
        self._is_discarding = True
        self._parts.clear()
        self._changed.set()

    async def parts(self) -> AsyncIterator[bytes]:
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._bytes -= len(part)
                self._changed.set()
                yield part
            if self.is_over:
                break
            await self._change()
        if self._error is not None:
            raise self._error

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class Piped(Delivery):
    """The first client's end of it. The record is closed at the other."""

    def __init__(self, exchange: Exchange, runtime: Runtime, call: Shared) -> None:
        super().__init__(exchange, runtime)
        self._call = call

    def parts(self) -> AsyncIterator[bytes]:
        return self._call._pipe.parts()

    def close(self) -> None:
        self._call.leave_first()
