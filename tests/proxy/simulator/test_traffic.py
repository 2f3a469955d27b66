import asyncio

import pytest

from proxy.simulator import Simulator
from proxy.simulator.traffic import Traffic
from tests.proxy.simulator.conftest import KEY
from tests.proxy.simulator.rawhttp import wait_until


@pytest.fixture
async def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr("proxy.simulator.traffic.RETRY_SECONDS", 0.05)
    return []


async def run_until(traffic: Traffic, is_enough) -> None:
    stopping = asyncio.Event()
    running = asyncio.create_task(traffic.run(stopping))
    await wait_until(is_enough)
    stopping.set()
    await asyncio.wait_for(running, 3)


async def test_it_calls_with_the_key_and_tags(sim: Simulator, said: list[str]) -> None:
    traffic = Traffic(sim.base_url, KEY, 300, 1, said.append)
    await run_until(traffic, lambda: len(sim.requests) > 60)
    assert {entry.header("authorization") for entry in sim.requests} == {f"Bearer {KEY}"}
    assert any(entry.header("x-relay-session") for entry in sim.requests)
    assert said == [f"talking to {sim.base_url}"]


async def test_it_waits_for_a_relay_that_is_down(said: list[str]) -> None:
    simulator = Simulator()
    await simulator.start()
    traffic = Traffic(simulator.base_url, "any", 100, 1, said.append)
    await simulator.stop()
    stopping = asyncio.Event()
    running = asyncio.create_task(traffic.run(stopping))
    await wait_until(lambda: said)
    await simulator.start()
    await wait_until(lambda: len(said) == 2)
    await simulator.stop()
    stopping.set()
    await asyncio.wait_for(running, 3)
    assert said[0].startswith("cannot reach") and said[1].startswith("talking to")


async def test_it_tells_when_its_key_is_refused(sim: Simulator, said: list[str]) -> None:
    traffic = Traffic(sim.base_url, "sk-wrong", 100, 1, said.append)
    await run_until(traffic, lambda: said)
    assert "refuses the key" in said[0]
