"""Answers that are held back: what fails before the client has seen any of it can still be asked elsewhere.

Two measures: a stream until its first real token (`Hold.PREAMBLE`), any answer until its end (`Hold.WHOLE`).
Failure policy: what is too big to hold begins as it is, and from there on only a provider can finish it.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from contextlib import aclosing

from ..configuration.configuration import Settings
from ..delivery.framing import Framer, dialect_of
from ..errors import MidStream
from ..exchange import Exchange
from ..headers import first
from . import preamble
from .answer import Answer

HEADER = b"x-relay-buffer"
PREAMBLE_SECONDS = 2.0
MOST_BYTES = 16 * 1024 * 1024
_SHOWN_BYTES = 200


class Hold(enum.Enum):
    NONE = "it begins with its first byte"
    PREAMBLE = "it begins with its first token"
    WHOLE = "it begins when it has ended"


def wanted(exchange: Exchange, settings: Settings) -> Hold:
    call, route = exchange.call, exchange.route
    if first(call.headers, HEADER) in (b"1", b"true"):
        return Hold.WHOLE
    if not call.is_streaming:
        return Hold.NONE
    if route is not None and route.buffer_streaming:
        return Hold.WHOLE
    holds = settings.hold_preamble
    if route is not None and route.hold_preamble is not None:
        holds = route.hold_preamble
    return Hold.PREAMBLE if holds else Hold.NONE


async def take(answer: Answer, hold: Hold, path: str, may_hold: Callable[[int], bool]) -> None:
    """Returns when the answer may begin; it will come from its first byte. Raises MidStream.

    `may_hold` is asked for the memory of each part.
    """
    if hold is Hold.WHOLE:
        await _take_whole(answer, path, may_hold)
    elif hold is Hold.PREAMBLE and answer.is_event_stream:
        await _take_preamble(answer, path)


async def _take_whole(answer: Answer, path: str, may_hold: Callable[[int], bool]) -> None:
    watch = _Watch(path) if answer.is_event_stream else None
    held, size_bytes = [], 0
    async with aclosing(answer.parts()) as parts:
        async for part in parts:
            held.append(part)
            size_bytes += len(part)
            if watch is not None:
                watch.feed(part)
            if size_bytes > MOST_BYTES or not may_hold(len(part)):
                break
        else:
            if watch is not None:
                watch.finish()
    answer.unread(*held)


async def _take_preamble(answer: Answer, path: str) -> None:
    framer, held = Framer(path), []
    try:
        async with asyncio.timeout(PREAMBLE_SECONDS), aclosing(answer.parts()) as parts:
            async for part in parts:
                held.append(part)
                whole = framer.feed(part)
                _refuse_error(whole)
                if preamble.begins(whole) or not framer.is_between_events:
                    break
            else:
                raise MidStream("upstream_truncated", "the stream ended before its first token")
    except TimeoutError:
        pass  # the client waits long enough as it is
    answer.unread(*held)


class _Watch:
    """Looks at the whole events of a stream as it comes in. Raises MidStream."""

    def __init__(self, path: str) -> None:
        self._framer = Framer(path)
        self._reads_events = dialect_of(path) is not None

    def feed(self, part: bytes) -> None:
        was_between = self._framer.is_between_events
        whole = self._framer.feed(part)
        _refuse_error(whole)
        if self._reads_events and was_between and self._framer.is_between_events:
            _refuse_garbled(whole)

    def finish(self) -> None:
        self._framer.finish()
        if not self._framer.is_whole:
            raise MidStream("upstream_truncated", "the stream ended before its last event")


def _refuse_error(block: bytes) -> None:
    if error := preamble.error_in(block):
        said = str(error.get("message") or error.get("code") or error)[:_SHOWN_BYTES]
        raise MidStream("upstream_truncated", f"it said: {said}")


def _refuse_garbled(block: bytes) -> None:
    if preamble.garbled(block) is not None:
        raise MidStream("upstream_invalid", "an event of its stream is not JSON")
