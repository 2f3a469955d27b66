"""What Redis does beyond the promises of test_limits_limiter: several machines, waiting, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from proxy.limits.limiter import Need, Refused, Taken
from proxy.limits.shared import CONNECTIONS, PATIENCE_SECONDS, SharedLimiter
from tests.accounts.limited import budgets
from tests.redisserver import redis_server

CALL: Need = (1, 0, 0)
STREAM: Need = (1, 0, 1)


Open = Callable[..., SharedLimiter]


@pytest.fixture
async def open_limiter() -> AsyncIterator[Open]:
    opened: list[SharedLimiter] = []

    def open_limiter(*arguments: Any, **options: Any) -> SharedLimiter:
        opened.append(SharedLimiter(*arguments, **options))
        return opened[-1]

    yield open_limiter
    for limiter in opened:
        await limiter.aclose()


@pytest.mark.conformance("guarantee", 6)
async def test_several_machines_pass_as_many_as_one_would(
    open_limiter: Open, redis_url: str, record_property: Callable[[str, object], None]
) -> None:
    own = budgets(minute=10)
    machines = [open_limiter(redis_url) for _ in range(3)]
    results = await asyncio.gather(*(machine.take(own, CALL) for machine in machines for _ in range(40)))

    assert sum(isinstance(result, Taken) for result in results) == 10
    record_property("figure", "10 of 120 from three machines")


async def test_more_calls_than_connections_wait_their_turn(open_limiter: Open, redis_url: str) -> None:
    own, limiter = budgets(minute=10_000), open_limiter(redis_url)
    results = await asyncio.gather(*(limiter.take(own, CALL) for _ in range(10 * CONNECTIONS)))

    assert all(isinstance(result, Taken) for result in results)


async def test_a_stream_counts_for_other_machines_until_it_ends(open_limiter: Open, redis_url: str) -> None:
    own, here, there = budgets(streams=1), open_limiter(redis_url), open_limiter(redis_url)
    taken = await here.take(own, STREAM)
    assert isinstance(taken, Taken)
    assert isinstance(await there.take(own, STREAM), Refused)
    here.end(taken)
    await asyncio.sleep(0.1)
    assert isinstance(await there.take(own, STREAM), Taken)


async def test_a_redis_that_lost_its_data_is_told_again_of_running_streams(
    open_limiter: Open, tmp_path: Path
) -> None:
    own = budgets(streams=1)
    with redis_server(tmp_path) as server:
        limiter = open_limiter(server.url, renewal_seconds=0.05)
        assert isinstance(await limiter.take(own, STREAM), Taken)
        server.kill()
        server.start()
        await asyncio.sleep(0.5)
        assert isinstance(await limiter.take(own, STREAM), Refused)


async def test_a_redis_that_hangs_is_waited_for_only_so_long(open_limiter: Open, tmp_path: Path) -> None:
    own = budgets(minute=10)
    with redis_server(tmp_path) as server:
        limiter = open_limiter(server.url)
        await limiter.take(own, CALL)
        server.pause()
        began = asyncio.get_running_loop().time()
        results = await asyncio.gather(
            *(limiter.take(own, CALL) for _ in range(2 * CONNECTIONS)), return_exceptions=True
        )
        took = asyncio.get_running_loop().time() - began
        server.go_on()

    assert all(isinstance(result, RedisError) for result in results)
    assert took < 3 * PATIENCE_SECONDS


async def test_a_redis_that_is_not_there_is_an_error(open_limiter: Open, tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        limiter = open_limiter(server.url)
        server.kill()
        with pytest.raises(RedisError):
            await limiter.take(budgets(minute=10), CALL)
