"""The limiter of several machines: Redis, one script and one trip for all budgets of a call.

Raises RedisError when Redis is away; `fallback` says what happens then.
"""

from __future__ import annotations

import asyncio
import secrets

from redis.exceptions import RedisError

from accounts import redisclient
from accounts.budgets import scripts
from accounts.budgets.budget import STREAMS, TOKENS, Budget

from .limiter import Budgets, Need, Refused, Remaining, Taken
from .local import STREAM_WAIT_US

# Beyond, a call is limited by the local table rather than kept waiting.
PATIENCE_SECONDS = 1.0
CONNECTIONS = 32
_CLOSING_SECONDS = 1.0


class SharedLimiter:
    def __init__(self, url: str, renewal_seconds: float = scripts.RENEWAL_SECONDS) -> None:
        # What was asked for and not answered may count twice, never not at all.
        self._redis = redisclient.pooled(url, PATIENCE_SECONDS, CONNECTIONS, decode_responses=True)
        self._take = self._redis.register_script(scripts.TAKE)
        self._settle = self._redis.register_script(scripts.SETTLE)
        self._renew = self._redis.register_script(scripts.RENEW)
        self._renewal_seconds = renewal_seconds
        self._leases: dict[str, list[str]] = {}  # the keys of each
        self._renewing: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self, budgets: Budgets, need: Need) -> Taken | Refused:
        counted = [budget for budget in budgets if need[budget.unit] or budget.unit != STREAMS]
        amounts = [need[budget.unit] for budget in counted]
        lease = secrets.token_hex(8) if need[STREAMS] else ""
        now_us, number, wait_us, *rest = await self._run(counted, amounts, lease)
        if number:
            by = number - 1
            return Refused(counted[by], amounts[by], wait_us, _remaining(counted, amounts, rest, taken=False))
        remaining = _remaining(counted, amounts, rest, taken=True)
        taken = Taken(budgets, need, remaining, redis_us=now_us, lease=lease)
        self.hold(taken)
        return taken

    async def look(self, budgets: Budgets) -> list[Remaining]:
        counted = [budget for budget in budgets if budget.unit != STREAMS]
        amounts = [0] * len(counted)
        _now_us, _number, _wait_us, *rest = await self._run(counted, amounts, "")
        return _remaining(counted, amounts, rest, taken=False)

    def hold(self, taken: Taken) -> None:
        """Its stream counts until it ends, or for some seconds after this process."""
        if not taken.streams:
            return
        taken.lease = taken.lease or secrets.token_hex(8)
        self._leases[taken.lease] = scripts.keys(taken.streams)
        if self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._keep_renewing())

    def end(self, taken: Taken) -> None:
        keys = self._leases.pop(taken.lease, [])
        tokens = [budget for budget in taken.budgets if budget.unit == TOKENS] if taken.need[TOKENS] else []
        if taken.settles or taken.redis_us is None:
            tokens = []
        if keys or tokens:
            task = asyncio.get_running_loop().create_task(self._finish(taken, keys, tokens))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def ping(self) -> None:
        await self._redis.ping()

    async def aclose(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        if self._ending:
            await asyncio.wait(self._ending, timeout=_CLOSING_SECONDS)
        await self._redis.aclose()

    async def _run(self, budgets: Budgets, amounts: list[int], lease: str) -> list[int]:
        arguments = scripts.take_arguments(budgets, amounts, lease, STREAM_WAIT_US)
        return await self._take(scripts.keys(budgets), arguments)

    async def _finish(self, taken: Taken, keys: list[str], tokens: list[Budget]) -> None:
        """Away, Redis forgets the lease by itself, and the tokens after their minute."""
        try:
            for key in keys:
                await self._redis.zrem(key, taken.lease)
            if tokens and taken.redis_us is not None:
                arguments = scripts.settle_arguments(taken.redis_us, taken.need[TOKENS], 0)
                await self._settle(scripts.keys(tokens), arguments)
        except RedisError:
            return

    async def _keep_renewing(self) -> None:
        """Also puts back what a Redis that lost its data has forgotten."""
        while True:
            await asyncio.sleep(self._renewal_seconds)
            held = [(key, lease) for lease, keys in self._leases.items() for key in keys]
            if not held:
                continue
            try:
                await self._renew([key for key, _ in held], scripts.renew_arguments([one for _, one in held]))
            except RedisError:
                continue


def _remaining(budgets: Budgets, amounts: list[int], rest: list[int], *, taken: bool) -> list[Remaining]:
    """`rest` is used and reset of each."""
    return [
        Remaining(budget, max(budget.limit - used - amount * taken, 0), reset_us)
        for budget, amount, used, reset_us in zip(budgets, amounts, rest[::2], rest[1::2], strict=True)
        if budget.unit != STREAMS
    ]
