"""Clients that call a relay again and again, and what was recorded of their calls."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp
import psycopg

from tests.running import Relay

CLIENTS = 12
# Without it they would take the processor from the processes whose starts and ends are what is tested.
PAUSE_SECONDS = 0.03
QUIET_SECONDS = 20.0
SLOW_STREAM = "[[sim chunks=12 delay=25]]"


class Load:
    """Clients that call again and again and note what they received, by relay request id."""

    def __init__(self, base_url: str, key: str, clients: int = CLIENTS, *, keeps_connections: bool = True):
        self._url, self._key, self._clients = f"{base_url}/chat/completions", key, clients
        self._keeps_connections = keeps_connections
        self.whole: set[str] = set()
        self.broken: set[str] = set()
        self.refused = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(force_close=not self._keeps_connections)
        async with aiohttp.ClientSession(connector=connector) as session:
            clients = [asyncio.create_task(self._call_on(session, n)) for n in range(self._clients)]
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
            await asyncio.sleep(PAUSE_SECONDS)

    async def _call(self, session: aiohttp.ClientSession, words: str, is_stream: bool) -> None:
        content = f"{words} {SLOW_STREAM}" if is_stream else words
        body = {"model": "gpt-4o", "stream": is_stream, "messages": [{"role": "user", "content": content}]}
        headers = {"Authorization": f"Bearer {self._key}"}
        async with session.post(self._url, json=body, headers=headers) as answer:
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
    """Outcomes by id, once all wanted ones are there. Fails when some are not and nothing more comes."""
    plain = {identifier.replace("-", "") for identifier in wanted}
    count, ends_at = -1, 0.0
    while True:
        rows = await asyncio.to_thread(recorded, relay)
        outcomes = {identifier.replace("-", ""): outcome for identifier, outcome in rows}
        assert len(outcomes) == len(rows), "an exchange was recorded twice"
        if plain <= outcomes.keys():
            return outcomes
        if len(rows) > count:
            count, ends_at = len(rows), time.monotonic() + QUIET_SECONDS
        missing = plain - outcomes.keys()
        words = f"{len(missing)} of {len(plain)} are missing:\n{relay.log()[-3000:]}"
        assert time.monotonic() < ends_at, words
        await asyncio.sleep(0.2)
