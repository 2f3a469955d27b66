from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from accounts import redisclient
from tests.redisserver import RedisServer, redis_server

PATIENCE_SECONDS = 0.3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as running:
        yield running


def test_nobody_waits_longer_than_he_has_patience(server: RedisServer) -> None:
    client = redisclient.blocking(server.url, PATIENCE_SECONDS)
    assert client.ping()
    server.pause()
    began = time.monotonic()
    with pytest.raises(RedisError):
        client.ping()
    server.go_on()
    client.close()
    assert PATIENCE_SECONDS <= time.monotonic() - began < 10


@pytest.mark.parametrize("is_pooled", [False, True])
async def test_nor_does_an_event_loop(server: RedisServer, is_pooled: bool) -> None:
    patient = (server.url, PATIENCE_SECONDS)
    client = redisclient.pooled(*patient, 2) if is_pooled else redisclient.asynchronous(*patient)
    assert await client.ping()
    server.pause()
    with pytest.raises(RedisError):
        async with asyncio.timeout(10):
            await client.ping()
    server.go_on()
    await client.aclose()


async def test_a_pooled_connection_that_has_died_unseen_is_replaced(server: RedisServer) -> None:
    client = redisclient.pooled(server.url, PATIENCE_SECONDS, 2)
    assert await client.set("a", "b")
    server.kill()
    server.start()
    assert await client.get("a") is None  # answered by the new one, which knows nothing
    await client.aclose()


async def test_calls_wait_for_one_of_so_many_connections(server: RedisServer) -> None:
    client = redisclient.pooled(server.url, 10, 2, decode_responses=True)
    assert await asyncio.gather(*(client.echo(str(number)) for number in range(20))) == [
        str(number) for number in range(20)
    ]
    assert len(await client.client_list()) <= 2
    await client.aclose()
