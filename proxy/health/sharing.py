"""The standing of providers among several machines, through Redis.

Every 300 ms the leader of a machine writes what changed here and reads what changed elsewhere; the later
change of a provider wins. The lane never waits for it.

Failure policy: without Redis each machine judges for itself, says so once, and catches up when it is back.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import orjson
from redis.exceptions import RedisError

from accounts import redisclient

from .breaker import HEALTHY, State
from .table import Table, state_of

STATES, VERSION = "relay:health:states", "relay:health:version"
PATIENCE_SECONDS = 1.0
KEPT_SECONDS = 7 * 24 * 3600
# ARGV: seconds to keep, then provider, stamp and state of each. The version moves when one of them is news.
PUT = """
local is_news = false
for i = 2, #ARGV, 3 do
    local old = redis.call('HGET', KEYS[1], ARGV[i])
    if not old or cjson.decode(old).changed_at < tonumber(ARGV[i + 1]) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
        is_news = true
    end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
if is_news then redis.call('INCR', KEYS[2]) end
"""

log = logging.getLogger("relay.health")


class Sharing:
    def __init__(self, url: str, table: Table) -> None:
        self._table = table
        self._redis = redisclient.asynchronous(url, PATIENCE_SECONDS)
        self._put = self._redis.register_script(PUT)
        self._known: dict[int, float] = {}  # the stamp of what both sides have
        self._generation = -1
        self._version: bytes | str | None = None
        self._is_away = False

    async def sync(self) -> None:
        """Never raises."""
        try:
            await self._write()
            await self._read()
        except (RedisError, OSError) as error:
            self._lose(error)
        else:
            if self._is_away:
                log.info("Redis answers again: machines share what they know of providers.")
            self._is_away = False

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _write(self) -> None:
        if self._table.generation == self._generation:
            return
        generation, found = self._table.read()
        news = {id: state for id, state in found.items() if state.changed_at > self._known.get(id, 0)}
        now = time.time()
        gone = [id for id in self._known if id not in found]
        news |= {id: replace(HEALTHY, changed_at=now) for id in gone}
        if news:
            rows = [
                part for id, state in news.items() for part in (id, state.changed_at, orjson.dumps(state))
            ]
            await self._put([STATES, VERSION], [KEPT_SECONDS, *rows])
        self._known |= {id: state.changed_at for id, state in news.items()}
        for id in gone:
            self._known.pop(id)
        self._generation = generation

    async def _read(self) -> None:
        version = await self._redis.get(VERSION)
        if version == self._version:
            return
        for name, data in (await self._redis.hgetall(STATES)).items():
            state = state_of(data)
            if state is not None:
                self._take(int(name), state)
        self._version = version

    def _take(self, provider_id: int, state: State) -> None:
        is_healthy = replace(state, changed_at=0.0) == HEALTHY

        def step(mine: State | None) -> State | None:
            if mine is not None and mine.changed_at >= state.changed_at:
                return mine
            return None if is_healthy else state

        taken = self._table.change(provider_id, step)
        if taken == state:
            self._known[provider_id] = state.changed_at
        elif taken is None:
            self._known.pop(provider_id, None)

    def _lose(self, error: Exception) -> None:
        """It may come back empty: then everything is written again."""
        self._generation, self._version = -1, None
        self._known = dict.fromkeys(self._known, 0.0)
        if not self._is_away:
            log.warning("Redis does not answer (%s): this machine judges providers for itself.", error)
        self._is_away = True
