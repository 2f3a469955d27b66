"""The whole relay under load while its processes are killed and its database is away.

Guarantee 1: whatever answer a client received whole is recorded exactly once; what was under way when a
process died is recorded too, as interrupted; nothing is recorded twice.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
import psycopg
import pytest

from proxy.simulator import Simulator
from tests.running import Relay

CLIENTS = 12
CHAOS_SECONDS = 6.0
MOST_CHAOS_SECONDS = 60
LEAST_KILLS, LEAST_CALLS = 3, 50
QUIET_SECONDS = 20.0
SLOW_STREAM = "[[sim chunks=12 delay=25]]"


@pytest.fixture
def provider() -> Iterator[Simulator]:
    with Simulator(record=False) as simulator:
        yield simulator


@pytest.fixture
def relay(provider: Simulator) -> Iterator[Relay]:
    relay = Relay(TARGET_BASE_URL=provider.base_url, WORKERS="2", PORT="0")
    try:
        yield relay.start()
    finally:
        relay.remove()


class Load:
    """Clients that call without a pause and note what they received, by relay request id."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self.whole: set[str] = set()
        self.broken: set[str] = set()
        self.refused = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            clients = [asyncio.create_task(self._call_on(session, number)) for number in range(CLIENTS)]
            try:
                yield
            finally:
                for client in clients:
                    client.cancel()
                await asyncio.gather(*clients, return_exceptions=True)

    async def _call_on(self, session: aiohttp.ClientSession, number: int) -> None:
        for turn in range(1_000_000):
            is_stream = (turn + number) % 3 == 0
            try:
                await asyncio.shield(self._call(session, f"client {number} turn {turn}", is_stream))
            except aiohttp.ClientError:
                self.refused += 1
                await asyncio.sleep(0.05)

    async def _call(self, session: aiohttp.ClientSession, words: str, is_stream: bool) -> None:
        content = f"{words} {SLOW_STREAM}" if is_stream else words
        body = {"model": "gpt-4o", "stream": is_stream, "messages": [{"role": "user", "content": content}]}
        headers = {"Authorization": f"Bearer {self._relay.key}"}
        url = f"{self._relay.base_url}/chat/completions"
        async with session.post(url, json=body, headers=headers) as answer:
            identifier = answer.headers["x-relay-request-id"]
            try:
                text = await answer.text()
            except aiohttp.ClientError:
                self.broken.add(identifier)
                raise
        is_whole = text.rstrip().endswith("[DONE]" if is_stream else "}")
        (self.whole if answer.status == 200 and is_whole else self.broken).add(identifier)


def recorded(relay: Relay) -> list[tuple[str, str]]:
    """(id, outcome) of every record, straight from the database."""
    statement = "SELECT id, outcome FROM logs_app_logrecord"
    url = relay.environ["DATABASE_URL"]
    if url:
        with psycopg.connect(url) as connection:
            return [(str(row[0]), row[1]) for row in connection.execute(statement)]
    with closing(sqlite3.connect(relay.data_dir / "relay.db", timeout=20)) as connection:
        return [(str(row[0]), row[1]) for row in connection.execute(statement)]


async def until_recorded(relay: Relay, wanted: set[str]) -> dict[str, str]:
    """Outcomes by id, once all wanted ones are there and nothing more comes."""
    plain = {identifier.replace("-", "") for identifier in wanted}
    ends_at = time.monotonic() + QUIET_SECONDS
    while True:
        rows = await asyncio.to_thread(recorded, relay)
        outcomes = {identifier.replace("-", ""): outcome for identifier, outcome in rows}
        assert len(outcomes) == len(rows), "an exchange was recorded twice"
        if plain <= outcomes.keys() or time.monotonic() > ends_at:
            missing = plain - outcomes.keys()
            assert not missing, f"{len(missing)} of {len(plain)} are missing:\n{relay.log()[-3000:]}"
            return outcomes
        await asyncio.sleep(0.2)


async def disturb(relay: Relay, load: Load, roles: Callable[[random.Random], tuple[str, ...]]) -> int:
    """Kills processes of the roles again and again; the number of kills. A slow machine gets more time."""
    chance, kills, began_at = random.Random(7), 0, time.monotonic()
    while (lasted := time.monotonic() - began_at) < CHAOS_SECONDS or (
        (kills < LEAST_KILLS or len(load.whole) < LEAST_CALLS) and lasted < MOST_CHAOS_SECONDS
    ):
        await asyncio.sleep(chance.uniform(0.2, 0.7))
        for role in roles(chance):
            for pid in relay.pids(role)[:1]:
                os.kill(pid, signal.SIGKILL)
                kills += 1
    return kills


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(lambda chance: ("worker",), id="worker"),
        pytest.param(lambda chance: ("recorder",), id="recorder"),
        pytest.param(lambda chance: ("worker", "recorder"), id="both"),
    ],
)
async def test_what_a_client_received_is_recorded_once_whatever_is_killed(relay: Relay, roles: Any) -> None:
    load = Load(relay)
    async with load.running():
        kills = await disturb(relay, load, roles)
        await asyncio.sleep(1)
    outcomes = await until_recorded(relay, load.whole | load.broken)
    assert kills >= LEAST_KILLS
    assert len(load.whole) >= LEAST_CALLS
    received = Counter(outcomes[identifier.replace("-", "")] for identifier in load.whole)
    # A client may have the last byte before the dying worker could say so; the parts prove it was whole.
    assert set(received) <= {"completed"}, received
    cut = Counter(outcomes[identifier.replace("-", "")] for identifier in load.broken)
    assert set(cut) <= {"interrupted", "client_disconnected", "completed"}, cut


@pytest.mark.timeout(180)
async def test_a_database_that_cannot_be_written_for_ten_seconds_costs_no_record(relay: Relay) -> None:
    load = Load(relay)
    async with load.running():
        await asyncio.sleep(1)
        with locked(relay):
            before = len(load.whole)
            await asyncio.sleep(10)
            during = len(load.whole) - before
        await asyncio.sleep(1)
    outcomes = await until_recorded(relay, load.whole)
    assert during > 50, "calls went on while nothing could be recorded"
    assert {outcomes[identifier.replace("-", "")] for identifier in load.whole} == {"completed"}


def locked(relay: Relay) -> Any:
    """Keeps every other writer out of the records until it is closed."""
    url = relay.environ["DATABASE_URL"]
    if url:
        connection = psycopg.connect(url)
        connection.execute("LOCK TABLE logs_app_logrecord IN ACCESS EXCLUSIVE MODE")
        return closing(connection)
    file = sqlite3.connect(relay.data_dir / "relay.db", timeout=20, isolation_level=None)
    file.execute("BEGIN IMMEDIATE")
    return closing(file)
