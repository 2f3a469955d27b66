from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from proxy.errors import MidStream
from proxy.sending.answer import Answer
from proxy.sending.upstream import Upstream
from proxy.simulator import Simulator
from tests.proxy.lanes import until


class Stream(httpx.AsyncByteStream):
    def __init__(self, *parts: bytes, error: Exception | None = None) -> None:
        self._parts, self._error = parts, error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if self._error:
            raise self._error


def answer(*parts: bytes, error: Exception | None = None, idle_seconds: float | None = 5) -> Answer:
    response = httpx.Response(200, headers=[(b"X-A", b"1")], stream=Stream(*parts, error=error))
    return Answer(response, idle_seconds)


async def collect(one: Answer) -> list[bytes]:
    return [part async for part in one.parts()]


async def test_parts_come_as_they_are() -> None:
    one = answer(b"a", b"", b"bc")
    assert one.headers == [(b"x-a", b"1")]
    assert await collect(one) == [b"a", b"", b"bc"]


async def test_what_was_read_can_be_put_back() -> None:
    one = answer(b"abc", b"def", b"ghi")
    assert await one.read(4) == b"abcdef"
    one.unread(b"abcdef")
    assert await collect(one) == [b"abcdef", b"ghi"]


async def test_a_short_body_is_read_whole() -> None:
    assert await answer(b"abc").read(1000) == b"abc"


async def test_a_fault_of_the_transport_is_a_stream_that_broke_off() -> None:
    one = answer(b"a", error=httpx.ReadError("reset"))
    with pytest.raises(MidStream) as caught:
        await collect(one)
    assert (caught.value.reason, caught.value.detail) == ("upstream_truncated", "reset")


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.aclose()


async def ask(upstream: Upstream, sim: Simulator, script: str, idle_seconds: float | None) -> Answer:
    body = (
        b'{"model":"m","stream":true,"messages":[{"role":"user","content":"[[sim %b]]"}]}' % script.encode()
    )
    return await upstream.send(
        "POST",
        f"{sim.base_url}/chat/completions",
        [(b"content-type", b"application/json")],
        body,
        connect_seconds=5,
        first_byte_seconds=5,
        idle_seconds=idle_seconds,
    )


async def test_silence_for_too_long_ends_the_answer(upstream: Upstream, sim: Simulator) -> None:
    one = await ask(upstream, sim, "chunks=9 hang=3", 0.3)
    began = time.monotonic()
    with pytest.raises(MidStream) as caught:
        await collect(one)
    assert caught.value.reason == "upstream_timeout"
    assert 0.25 < time.monotonic() - began < 2
    await until(lambda: sim.requests[0].aborted, 1)


async def test_silence_right_after_the_head_counts_too(upstream: Upstream, sim: Simulator) -> None:
    one = await ask(upstream, sim, "hang=headers", 0.2)
    with pytest.raises(MidStream) as caught:
        await collect(one)
    assert caught.value.reason == "upstream_timeout"


async def test_a_steady_stream_may_take_longer_than_the_idle_time(upstream: Upstream, sim: Simulator) -> None:
    one = await ask(upstream, sim, "chunks=12 delay=50", 0.2)
    assert b"".join(await collect(one)).endswith(b"data: [DONE]\n\n")


async def test_a_slow_reader_is_not_the_providers_silence(upstream: Upstream, sim: Simulator) -> None:
    one, seen = await ask(upstream, sim, "chunks=4 delay=10", 0.15), b""
    async for part in one.parts():
        seen += part
        await asyncio.sleep(0.3)
    assert seen.endswith(b"data: [DONE]\n\n")


async def test_without_an_idle_limit_silence_may_last(upstream: Upstream, sim: Simulator) -> None:
    one = await ask(upstream, sim, "chunks=3 stall=1:0.3", None)
    assert b"".join(await collect(one)).endswith(b"data: [DONE]\n\n")
