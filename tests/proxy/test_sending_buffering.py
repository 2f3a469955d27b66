from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from proxy.configuration.configuration import Route
from proxy.errors import MidStream
from proxy.exchange import Exchange
from proxy.sending import buffering
from proxy.sending.answer import Answer
from proxy.sending.buffering import Hold
from tests.proxy.calls import call
from tests.proxy.lanes import SETTINGS, Lane
from tests.proxy.test_sending_preamble import chunk

CHAT = "/v1/chat/completions"
SILENCE = b""
TEXT, DONE = chunk({"content": "Hi"}), b"data: [DONE]\n\n"


class Parts(httpx.AsyncByteStream):
    """`SILENCE` says nothing for a while; an exception is raised."""

    def __init__(self, parts: list[bytes | Exception]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._parts:
            raise StopAsyncIteration
        part = self._parts[0]
        if part == SILENCE:
            self._parts[0] = DONE
            await asyncio.sleep(0.2)
            return await self.__anext__()
        self._parts.pop(0)
        if isinstance(part, Exception):
            raise part
        return part


def answer(*parts: bytes | Exception, kind: str = "text/event-stream") -> Answer:
    return Answer(httpx.Response(200, headers={"content-type": kind}, stream=Parts(list(parts))), None)


async def take(given: Answer, hold: Hold = Hold.WHOLE, *, may_hold: bool = True) -> list[bytes]:
    await buffering.take(given, hold, CHAT, lambda size_bytes: may_hold)
    return [part async for part in given.parts()]


async def test_a_whole_answer_comes_as_it_came(lane: Lane) -> None:
    assert await take(answer(TEXT, TEXT[:9], TEXT[9:] + DONE)) == [TEXT, TEXT[:9], TEXT[9:] + DONE]


@pytest.mark.parametrize(
    "parts",
    [
        (TEXT,),
        (TEXT, MidStream("upstream_truncated", "reset")),
        (TEXT, b'data: {"error":{"message":"no"}}\n\n'),
        (TEXT, b'data: {"choices": [half\n\n', DONE),
    ],
)
async def test_half_an_answer_is_none(lane: Lane, parts: tuple[bytes | Exception, ...]) -> None:
    with pytest.raises(MidStream):
        await take(answer(*parts))


async def test_any_other_body_is_held_to_its_end(lane: Lane) -> None:
    with pytest.raises(MidStream):
        await take(answer(b"{", MidStream("upstream_truncated", "reset"), kind="application/json"))
    assert await take(answer(b"{", b"}", kind="application/json")) == [b"{", b"}"]


async def test_what_is_too_big_begins(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = (TEXT, TEXT, MidStream("upstream_truncated", "reset"))
    with pytest.raises(MidStream):
        await take(answer(*failing), may_hold=True)
    given = answer(*failing)
    await buffering.take(given, Hold.WHOLE, CHAT, lambda size_bytes: False)
    monkeypatch.setattr(buffering, "MOST_BYTES", 10)
    await buffering.take(answer(*failing), Hold.WHOLE, CHAT, lambda size_bytes: True)


async def test_a_big_event_in_parts_is_not_taken_for_a_garbled_one(lane: Lane) -> None:
    big = chunk({"content": "x" * 200_000})
    parts = [big[start : start + 50_000] for start in range(0, len(big), 50_000)]
    assert b"".join(await take(answer(*parts, DONE))) == big + DONE


async def test_a_preamble_ends_with_the_first_token(lane: Lane) -> None:
    role = chunk({"role": "assistant", "content": ""})
    given = answer(role, TEXT, MidStream("upstream_truncated", "reset"))
    await buffering.take(given, Hold.PREAMBLE, CHAT, lambda size_bytes: True)
    taken: list[bytes] = []
    with pytest.raises(MidStream):
        async for part in given.parts():
            taken.append(part)
    assert taken == [role, TEXT]


@pytest.mark.parametrize("last", [MidStream("upstream_truncated", "reset"), b'data: {"error":"busy"}\n\n'])
async def test_what_fails_in_its_preamble_has_not_begun(lane: Lane, last: bytes | Exception) -> None:
    with pytest.raises(MidStream):
        await take(answer(chunk({"role": "assistant"}), last), Hold.PREAMBLE)


async def test_a_stream_that_ends_in_its_preamble_has_not_begun(lane: Lane) -> None:
    with pytest.raises(MidStream):
        await take(answer(b": hello\n\n"), Hold.PREAMBLE)


async def test_nobody_waits_long_for_a_preamble(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffering, "PREAMBLE_SECONDS", 0.05)
    role = chunk({"role": "assistant"})
    assert await take(answer(role, SILENCE), Hold.PREAMBLE) == [role, DONE]


async def test_who_is_held_and_how(lane: Lane) -> None:
    def wanted(
        route: Route | None = None, *, stream: bool = True, buffer: bool = False, **given: bool
    ) -> Hold:
        headers = (("x-relay-buffer", "1"),) if buffer else ()
        asked = call(body={}, headers=headers)
        asked.is_streaming = stream
        exchange = Exchange(lane.journal, asked, route)
        return buffering.wanted(exchange, replace(SETTINGS, **given))

    route = Route("r", "/v1")
    assert wanted() is Hold.NONE
    assert wanted(buffer=True) is Hold.WHOLE
    assert wanted(buffer=True, stream=False) is Hold.WHOLE
    assert wanted(hold_preamble=True) is Hold.PREAMBLE
    assert wanted(hold_preamble=True, stream=False) is Hold.NONE
    assert wanted(replace(route, buffer_streaming=True)) is Hold.WHOLE
    assert wanted(replace(route, buffer_streaming=True), stream=False) is Hold.NONE
    assert wanted(replace(route, hold_preamble=False), hold_preamble=True) is Hold.NONE
    assert wanted(replace(route, hold_preamble=True)) is Hold.PREAMBLE
    assert wanted(route, hold_preamble=True) is Hold.PREAMBLE
