from __future__ import annotations

import asyncio

import pytest

from proxy.cache.collapse import Shared
from proxy.simulator import Simulator
from tests.proxy.lanes import Caller, Lane, Reply, until

OPT_IN = [(b"x-relay-cache", b"60")]


def start(lane: Lane, text: str, count: int, **given: object) -> list[asyncio.Task[Reply]]:
    return [asyncio.create_task(lane.chat(text, headers=OPT_IN, **given)) for _ in range(count)]  # type: ignore[arg-type]


def shared(lane: Lane) -> Shared | None:
    assert lane.runtime.cache is not None
    return next(iter(lane.runtime.cache.calls.values()), None)


async def waiting(lane: Lane, count: int) -> None:
    await until(lambda: (found := shared(lane)) is not None and found.waiters == count)


async def test_a_hundred_ask_and_one_call_answers(lane: Lane, sim: Simulator) -> None:
    replies = await asyncio.gather(*start(lane, "all of us [[sim ttft=100]]", 100))
    assert len(sim.requests) == 1
    assert {reply.status for reply in replies} == {200} and len({reply.body for reply in replies}) == 1
    said = [reply.header("x-proxy-cache") for reply in replies]
    assert said.count("stored") == 1 and said.count("hit") == 99
    records = lane.records()
    assert len(records) == 100 and {record.outcome for record in records} == {"completed"}
    assert sum(bool(record.answered and record.answered.get("cached")) for record in records) == 99
    assert sum("; collapsed; ttl=" in (reply.header("cache-status") or "") for reply in replies) == 99
    assert lane.runtime.cache
    counters = lane.runtime.cache.counters
    assert (counters.hits, counters.collapsed, counters.misses) == (99, 99, 1)


async def test_a_stream_is_told_to_all_while_it_comes(lane: Lane, sim: Simulator) -> None:
    text = "a story [[sim chunks=30 delay=10]]"
    first = asyncio.create_task(lane.chat(text, headers=OPT_IN, stream=True))
    await until(lambda: sim.requests)
    early = Caller()
    joined = asyncio.create_task(lane.chat(text, headers=OPT_IN, stream=True, caller=early))
    await until(lambda: early.reply.parts)
    assert not first.done()  # it was not kept waiting for the end
    one, other = await asyncio.gather(first, joined)
    assert one.body == other.body and other.body.endswith(b"data: [DONE]\n\n")
    assert other.header("cache-status") == "llm-relay; fwd=uri-miss; collapsed"
    assert len(sim.requests) == 1


async def test_the_call_outlives_its_first_client(lane: Lane, sim: Simulator) -> None:
    caller = Caller()
    first = asyncio.create_task(lane.chat("go on [[sim ttft=300]]", headers=OPT_IN, caller=caller))
    await waiting(lane, 1)
    others = start(lane, "go on [[sim ttft=300]]", 2)
    await waiting(lane, 3)
    caller.leave()
    await first
    replies = await asyncio.gather(*others)
    assert [reply.status for reply in replies] == [200, 200] and len(sim.requests) == 1
    await until(lambda: not lane.runtime.exchanges)
    outcomes = sorted(record.outcome or "" for record in lane.records())
    assert outcomes == ["client_disconnected", "completed", "completed"]
    (left,) = [record for record in lane.records() if record.outcome == "client_disconnected"]
    assert b"".join(left.parts) == replies[0].body  # what was paid for is told of there


async def test_a_stream_outlives_its_first_client(lane: Lane, sim: Simulator) -> None:
    text = "go on [[sim chunks=40 delay=10]]"
    caller = Caller()
    caller.on_part = lambda part: caller.leave() if len(caller.reply.parts) == 3 else None
    first = asyncio.create_task(lane.chat(text, headers=OPT_IN, stream=True, caller=caller))
    await waiting(lane, 1)
    other = await lane.chat(text, headers=OPT_IN, stream=True)
    await first
    assert other.body.endswith(b"data: [DONE]\n\n") and len(sim.requests) == 1
    assert (await lane.chat(text, headers=OPT_IN, stream=True)).header("x-proxy-cache") == "hit"


async def test_it_ends_with_the_last_who_waits(lane: Lane, sim: Simulator) -> None:
    callers = [Caller() for _ in range(3)]
    tasks = [
        asyncio.create_task(lane.chat("nobody [[sim ttft=20000]]", headers=OPT_IN, caller=caller))
        for caller in callers
    ]
    await waiting(lane, 3)
    await until(lambda: sim.requests)
    for caller in callers:
        assert not sim.stats.aborted
        caller.leave()
    await asyncio.gather(*tasks)
    await until(lambda: sim.stats.aborted == 1)
    await until(lambda: not lane.runtime.exchanges)
    assert {record.outcome for record in lane.records()} == {"client_disconnected"}
    assert lane.runtime.cache and not lane.runtime.cache.calls


async def test_what_fails_fails_for_the_first_and_the_others_go_alone(lane: Lane, sim: Simulator) -> None:
    text = "unlucky [[sim status=500 times=1 ttft=100 id=a]]"
    replies = await asyncio.gather(*start(lane, text, 4))
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 500]
    assert len(sim.requests) == 4


async def test_a_connection_that_breaks_is_nobody_elses(lane: Lane, sim: Simulator) -> None:
    text = "cut [[sim cut=1 times=1 ttft=100 id=b]]"
    replies = await asyncio.gather(*start(lane, text, 3))
    assert sum(reply.error is not None or reply.status != 200 for reply in replies) == 1
    assert len(sim.requests) == 3


async def test_different_questions_do_not_wait_for_each_other(lane: Lane, sim: Simulator) -> None:
    await asyncio.gather(*start(lane, "one", 2), *start(lane, "two", 2))
    assert len(sim.requests) == 2


async def test_nothing_waits_that_was_not_asked_to_be_kept(lane: Lane, sim: Simulator) -> None:
    await asyncio.gather(*(lane.chat("plain") for _ in range(3)))
    assert len(sim.requests) == 3


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_relay_can_end_it_for_all(lane: Lane, sim: Simulator, stream: bool) -> None:
    text = "wait [[sim chunks=3 delay=20000]]" if stream else "wait [[sim ttft=20000]]"
    tasks = start(lane, text, 2, stream=stream)
    await waiting(lane, 2)
    await until(lambda: sim.requests)
    if stream:
        await until(lambda: all(exchange.status == 200 for exchange in lane.runtime.exchanges))
    lane.runtime.end_all()
    replies = await asyncio.gather(*tasks)
    for reply in replies:
        assert reply.status == 503 or b"relay_stopping" in reply.body or reply.error is not None
    await until(lambda: not lane.runtime.exchanges)
    assert {record.outcome for record in lane.records()} == {"interrupted"}
