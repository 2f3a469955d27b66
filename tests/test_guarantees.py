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
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from proxy.simulator import Simulator
from tests.load import Load, until_recorded
from tests.running import Relay

CHAOS_SECONDS = 6.0
MOST_CHAOS_SECONDS = 60
LEAST_KILLS, LEAST_CALLS, LEAST_CALLS_BETWEEN = 3, 50, 15


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


async def disturb(relay: Relay, load: Load, roles: Callable[[random.Random], tuple[str, ...]]) -> int:
    """Kills processes of the roles again and again; the number of kills. A slow machine gets more time.

    Between two kills calls are answered: where a start takes longer than the pause, nothing would ever run.
    """
    chance, kills, answered, began_at = random.Random(7), 0, 0, time.monotonic()
    while (lasted := time.monotonic() - began_at) < CHAOS_SECONDS or (
        (kills < LEAST_KILLS or len(load.whole) < LEAST_CALLS) and lasted < MOST_CHAOS_SECONDS
    ):
        await asyncio.sleep(chance.uniform(0.2, 0.7))
        if len(load.whole) < answered + LEAST_CALLS_BETWEEN:
            continue
        answered = len(load.whole)
        for role in roles(chance):
            for pid in relay.pids(role)[:1]:
                os.kill(pid, signal.SIGKILL)
                kills += 1
    return kills


@pytest.mark.conformance("guarantee", 1)
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(lambda chance: ("worker",), id="worker"),
        pytest.param(lambda chance: ("recorder",), id="recorder"),
        pytest.param(lambda chance: ("worker", "recorder"), id="both"),
    ],
)
async def test_what_a_client_received_is_recorded_once_whatever_is_killed(
    relay: Relay, roles: Any, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    load = Load(relay.base_url, relay.key)
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
    target, whole, broken = request.node.callspec.id, len(load.whole), len(load.broken)
    record_property(
        "figure",
        f"{target}: {kills} kills, {whole} answers received whole, {broken} cut, none missing or twice",
    )


@pytest.mark.conformance("guarantee", 1)
@pytest.mark.timeout(180)
async def test_a_database_that_cannot_be_written_for_ten_seconds_costs_no_record(
    relay: Relay, record_property: Callable[[str, object], None]
) -> None:
    load = Load(relay.base_url, relay.key)
    async with load.running():
        await asyncio.sleep(1)
        with locked(relay):
            before = len(load.whole)
            for second in range(MOST_CHAOS_SECONDS):
                await asyncio.sleep(1)
                during = len(load.whole) - before
                if second >= 10 and during > LEAST_CALLS:
                    break
        await asyncio.sleep(1)
    outcomes = await until_recorded(relay, load.whole)
    assert during > LEAST_CALLS, "calls went on while nothing could be recorded"
    assert {outcomes[identifier.replace("-", "")] for identifier in load.whole} == {"completed"}
    record_property(
        "figure", f"database locked for 10 s: {during} answers meanwhile, {len(load.whole)} recorded"
    )


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
