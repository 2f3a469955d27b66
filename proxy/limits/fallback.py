"""Redis while it answers, the local table while it does not.

Failure policy: limits never end a call because Redis is away. Each machine then counts for itself,
beginning with what it has let through (everything is noted locally as well), and says so once;
`is_degraded` and `degraded_calls` tell the metrics. It tries Redis again every second. A Redis that comes
back without its data begins at nothing.
"""

from __future__ import annotations

import asyncio
import logging

from redis.exceptions import RedisError

from .limiter import Budgets, Need, Refused, Remaining, Taken
from .local import LocalLimiter
from .shared import SharedLimiter

PAUSE_SECONDS = 1.0

log = logging.getLogger("relay.limits")


class FallbackLimiter:
    def __init__(
        self, shared: SharedLimiter, local: LocalLimiter, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self.is_degraded = False
        self.degraded_calls = 0
        self._shared, self._local = shared, local
        self._pause_seconds = pause_seconds
        self._returning: asyncio.Task[None] | None = None

    async def take(self, budgets: Budgets, need: Need) -> Taken | Refused:
        if not self.is_degraded:
            try:
                result = await self._shared.take(budgets, need)
            except (RedisError, OSError) as error:
                self._lose(error)
            else:
                if isinstance(result, Taken):
                    self._local.note(result)
                return result
        self.degraded_calls += 1
        result = await self._local.take(budgets, need)
        if isinstance(result, Taken):
            self._shared.hold(result)
        return result

    async def look(self, budgets: Budgets) -> list[Remaining]:
        if not self.is_degraded:
            try:
                return await self._shared.look(budgets)
            except (RedisError, OSError) as error:
                self._lose(error)
        return await self._local.look(budgets)

    def end(self, taken: Taken) -> None:
        self._local.end(taken)
        self._shared.end(taken)

    async def aclose(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
        await self._shared.aclose()
        await self._local.aclose()

    def _lose(self, error: Exception) -> None:
        if self.is_degraded:
            return
        self.is_degraded = True
        log.warning(
            "Redis does not answer (%s): until it does, this machine counts limits for itself.", error
        )
        self._returning = asyncio.get_running_loop().create_task(self._return())

    async def _return(self) -> None:
        while self.is_degraded:
            await asyncio.sleep(self._pause_seconds)
            try:
                await self._shared.ping()
            except (RedisError, OSError):
                continue
            self.is_degraded = False
            log.info("Redis answers again: limits are counted there.")
