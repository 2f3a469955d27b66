"""A little steady traffic for the demo: keeps calling a relay, whatever becomes of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import aiohttp

from proxy.simulator import scenarios
from proxy.simulator.scenarios import Visit

# More calls under way than this mean that the relay hangs: adding to them would tell nobody anything new.
MOST_AT_ONCE = 100
RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 120


class Traffic:
    def __init__(
        self, base_url: str, api_key: str, rate: float, seed: int | None, say: Callable[[str], None]
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "llm-relay-demo"}
        self._rate = rate
        self._chance = random.Random(seed)
        self._say = say
        self._is_reachable: bool | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            while not await self._pause(stopping):
                if len(self._under_way) < MOST_AT_ONCE:
                    task = asyncio.create_task(self._visit(session, scenarios.choose(self._chance)))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _pause(self, stopping: asyncio.Event) -> bool:
        """Until the next visitor comes; True when it is time to end."""
        gap = self._chance.expovariate(self._rate) if self._is_reachable is not False else RETRY_SECONDS
        try:
            await asyncio.wait_for(stopping.wait(), gap)
        except TimeoutError:
            return False
        return True

    async def _visit(self, session: aiohttp.ClientSession, visit: Visit) -> None:
        try:
            async with asyncio.timeout(visit.leaves_after):
                await self._call(session, visit)
        except TimeoutError:
            pass  # the client lost its patience, as planned
        except aiohttp.ClientConnectorError as problem:
            self._notice(False, f"cannot reach {self._base_url}: {problem.strerror or problem}; trying again")
        except (aiohttp.ClientError, OSError):
            pass  # a cut or a broken stream belongs to the show

    async def _call(self, session: aiohttp.ClientSession, visit: Visit) -> None:
        url = self._base_url + visit.path
        async with session.post(url, json=visit.payload, headers=visit.headers) as answer:
            if answer.status == 401:
                self._notice(True, f"{self._base_url} refuses the key (401)")
            self._notice(True, f"talking to {self._base_url}")
            async for _ in answer.content.iter_any():
                pass

    def _notice(self, is_reachable: bool, words: str) -> None:
        if self._is_reachable is not is_reachable:
            self._is_reachable = is_reachable
            self._say(words)
