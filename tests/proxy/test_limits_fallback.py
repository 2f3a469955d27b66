from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proxy.limits.fallback import FallbackLimiter
from proxy.limits.limiter import Need, Refused, Taken
from proxy.limits.local import LocalLimiter
from proxy.limits.shared import SharedLimiter
from tests.accounts.limited import budgets
from tests.redisserver import RedisServer, redis_server

CALL: Need = (1, 0, 0)
STREAM: Need = (1, 0, 1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def limiter(server: RedisServer, tmp_path: Path) -> AsyncIterator[FallbackLimiter]:
    shared = SharedLimiter(server.url, renewal_seconds=0.05)
    made = FallbackLimiter(shared, LocalLimiter(tmp_path), pause_seconds=0.05)
    yield made
    await made.aclose()


async def count(limiter: FallbackLimiter, own: tuple, times: int) -> int:
    results = await asyncio.gather(*(limiter.take(own, CALL) for _ in range(times)))
    return sum(isinstance(result, Taken) for result in results)


async def until_back(limiter: FallbackLimiter) -> None:
    async with asyncio.timeout(10):
        while limiter.is_degraded:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_while_redis_answers_it_counts_for_all_machines(
    limiter: FallbackLimiter, server: RedisServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = FallbackLimiter(SharedLimiter(server.url), LocalLimiter(tmp_path / "other"))
    own = budgets(minute=10)

    assert await count(limiter, own, 7) + await count(other, own, 7) == 10
    assert limiter.degraded_calls == 0
    await other.aclose()


async def test_without_redis_the_machine_goes_on_from_what_it_let_through(
    limiter: FallbackLimiter, server: RedisServer
) -> None:
    own = budgets(minute=50)
    assert await count(limiter, own, 30) == 30
    server.kill()

    assert await count(limiter, own, 100) == 20
    assert limiter.is_degraded
    assert limiter.degraded_calls == 100


async def test_it_is_said_once_when_redis_goes_and_once_when_it_is_back(
    limiter: FallbackLimiter, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own = budgets(minute=1000)
    with caplog.at_level(logging.INFO, "relay.limits"):
        server.kill()
        await count(limiter, own, 50)
        await asyncio.sleep(0.3)
        server.start()
        await until_back(limiter)

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_it_counts_in_redis_again_when_that_is_back(
    limiter: FallbackLimiter, server: RedisServer
) -> None:
    own = budgets(minute=1000)
    server.kill()
    await limiter.take(own, CALL)
    server.start()
    await until_back(limiter)
    result = await limiter.take(own, CALL)

    assert isinstance(result, Taken)
    assert result.redis_us is not None


async def test_a_redis_killed_and_started_under_load_costs_no_call_and_no_more_than_another_window(
    limiter: FallbackLimiter, server: RedisServer
) -> None:
    """It keeps nothing on disk here, so its count begins anew once; the machine's own does not."""
    own, is_over = budgets(minute=200), False
    results: list[Taken | Refused] = []

    async def call() -> None:
        while not is_over:
            results.append(await limiter.take(own, CALL))
            await asyncio.sleep(0.005)

    calls = [asyncio.create_task(call()) for _ in range(20)]
    await asyncio.sleep(0.2)
    server.kill()
    await asyncio.sleep(0.3)
    server.start()
    await asyncio.sleep(0.5)
    is_over = True
    await asyncio.gather(*calls)

    assert 200 <= sum(isinstance(result, Taken) for result in results) <= 400
    assert limiter.degraded_calls > 0


async def test_a_redis_that_hangs_delays_calls_once(limiter: FallbackLimiter, server: RedisServer) -> None:
    own = budgets(minute=1000)
    await limiter.take(own, CALL)
    server.pause()
    assert await count(limiter, own, 50) == 50
    began = asyncio.get_running_loop().time()
    assert await count(limiter, own, 50) == 50
    took = asyncio.get_running_loop().time() - began
    server.go_on()

    assert took < 0.2


async def test_streams_that_began_without_redis_count_there_when_it_is_back(
    limiter: FallbackLimiter, server: RedisServer
) -> None:
    own = budgets(streams=1)
    server.kill()
    taken = await limiter.take(own, STREAM)
    assert isinstance(taken, Taken)
    server.start()
    await until_back(limiter)
    await asyncio.sleep(0.3)
    assert isinstance(await limiter.take(own, STREAM), Refused)

    limiter.end(taken)
    await asyncio.sleep(0.1)
    assert isinstance(await limiter.take(own, STREAM), Taken)


async def test_what_remains_is_told_without_redis_too(limiter: FallbackLimiter, server: RedisServer) -> None:
    own = budgets(minute=10)
    await count(limiter, own, 4)
    assert [each.amount for each in await limiter.look(own)] == [6]
    server.kill()
    assert [each.amount for each in await limiter.look(own)] == [6]
