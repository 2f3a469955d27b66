"""The real SDKs, over real sockets, through a running relay to the simulated provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anthropic
import openai
import pytest

from tests.running import Relay


@pytest.fixture
def client(relay_server: Relay) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=relay_server.base_url, api_key=relay_server.key, max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(relay_server: Relay) -> AsyncIterator[openai.AsyncOpenAI]:
    url, key = relay_server.base_url, relay_server.key
    async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as made:
        yield made


@pytest.fixture
def claude(relay_server: Relay) -> Iterator[anthropic.Anthropic]:
    url, key = relay_server.url, relay_server.key
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as made:
        yield made


@pytest.fixture
async def async_claude(relay_server: Relay) -> AsyncIterator[anthropic.AsyncAnthropic]:
    url, key = relay_server.url, relay_server.key
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as made:
        yield made
