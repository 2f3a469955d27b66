from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from proxy.health.breaker import HEALTHY, Phase, State
from proxy.health.sharing import STATES, VERSION, Sharing
from proxy.health.table import Table

NOW = 1_000_000.0
SICK = replace(HEALTHY, phase=Phase.OPEN, multiplier=0.7, until=NOW + 30, changed_at=NOW, words="HTTP 500")


class Machine:
    def __init__(self, url: str) -> None:
        self.table = Table()
        self.sharing = Sharing(url, self.table)

    def put(self, state: State | None, provider_id: int = 7) -> None:
        self.table.change(provider_id, lambda _: state)

    @property
    def states(self) -> dict[int, State]:
        return dict(self.table.read()[1])


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.delete(STATES, VERSION)
    yield client
    await client.delete(STATES, VERSION)
    await client.aclose()


@pytest.fixture
async def machines(redis: Redis, redis_url: str) -> AsyncIterator[tuple[Machine, Machine]]:
    pair = Machine(redis_url), Machine(redis_url)
    yield pair
    for machine in pair:
        await machine.sharing.aclose()


async def sync(*machines: Machine) -> None:
    for machine in machines:
        await machine.sharing.sync()


async def test_what_one_machine_learns_the_other_knows(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.put(SICK)
    await sync(one, other)
    assert other.states == {7: SICK}
    one.put(None)
    await sync(one, other)
    assert other.states == {}


async def test_the_later_change_wins(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    later = replace(SICK, multiplier=0.5, changed_at=NOW + 1)
    one.put(later)
    other.put(SICK)
    await sync(one, other, one)
    assert (one.states, other.states) == ({7: later}, {7: later})


async def test_a_change_that_came_while_another_arrived_is_not_lost(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    one.put(SICK)
    await sync(one)
    later = replace(SICK, changed_at=NOW + 1)
    await other.sharing._write()
    other.put(later)
    await other.sharing._read()
    await sync(other, one)
    assert one.states == {7: later}


async def test_nothing_is_read_while_nothing_moves(machines: tuple[Machine, Machine], redis: Redis) -> None:
    one, other = machines
    one.put(SICK)
    await sync(one, other)
    before = await redis.get(VERSION)
    await sync(one, other, one, other)
    assert await redis.get(VERSION) == before
    assert other.table.generation == 1


async def test_a_redis_that_lost_its_data_is_told_again(
    machines: tuple[Machine, Machine], redis: Redis
) -> None:
    one, other = machines
    one.put(SICK)
    await sync(one)
    await redis.delete(STATES, VERSION)
    one.sharing._lose(OSError())
    await sync(one, other)
    assert other.states == {7: SICK}


async def test_without_redis_a_machine_judges_for_itself_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alone = Machine("redis://127.0.0.1:1/0")
    alone.put(SICK)
    with caplog.at_level(logging.WARNING):
        await sync(alone, alone)
    assert alone.states == {7: SICK}
    assert caplog.text.count("Redis does not answer") == 1
    await alone.sharing.aclose()
