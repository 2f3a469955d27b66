from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from proxy.simulator import Simulator

KEY = "sk-simulated-0123456789"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(api_key=KEY, seed=1) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=sim.base_url, api_key=KEY, max_retries=0, timeout=20) as openai:
        yield openai


@pytest.fixture
async def claude(sim: Simulator) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=sim.origin, api_key=KEY, max_retries=0, timeout=20) as anthropic:
        yield anthropic
