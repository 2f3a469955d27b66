"""Asks the providers how they are, from one process of each machine, which also shares what it knows.

A provider that fails is asked every `health_interval_seconds`; one that goes on being well ever more seldom,
down to an eighth of that: its calls tell enough. It costs nothing (`GET /models`), unless `health_model` in
a provider's parameters chooses a call of one token.

Failure policy: whatever goes wrong here is logged, and tried again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from dataclasses import dataclass, replace
from pathlib import Path

from accounts import filelock

from ..configuration.configuration import Provider
from ..provider_types.openai import HEALTH_MODEL
from ..sending.upstream import Upstream
from . import check
from .breaker import Outcome
from .health import Configured, Health
from .sharing import Sharing
from .table import FOLDER

LEADER = "leader"
SYNC_SECONDS = 0.25
LOOK_SECONDS = 1.0
MOST_SELDOM = 8
JITTER = 0.2
CONCURRENCY = 20

log = logging.getLogger("relay.health")


@dataclass(slots=True)
class Turn:
    """When a provider is asked again, in seconds of the loop, and how many intervals lie between."""

    at: float
    intervals: int = 1


class Watch:
    def __init__(
        self,
        snapshots: Configured,
        health: Health,
        upstream: Upstream,
        data_dir: Path,
        sharing: Sharing | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._health = health
        self._upstream = upstream
        self._sharing = sharing
        self._leadership = Leadership(data_dir / FOLDER / LEADER)
        self._turns: dict[int, Turn] = {}
        self._places = asyncio.Semaphore(CONCURRENCY)
        self._asking: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever. Only the process that leads does anything."""
        look_at = 0.0
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS if self._sharing is None else SYNC_SECONDS)
                if not self._leadership.is_ours():
                    continue
                if self._sharing is not None:
                    await self._sharing.sync()
                if (now := asyncio.get_running_loop().time()) >= look_at:
                    look_at = now + LOOK_SECONDS
                    self.ask_those_due()
        finally:
            await self._end()

    async def _end(self) -> None:
        for task in self._asking.values():
            task.cancel()
        if self._sharing is not None:
            await self._sharing.aclose()
        self._leadership.end()

    def ask_those_due(self) -> None:
        snapshot, loop = self._snapshots.current, asyncio.get_running_loop()
        interval, now = snapshot.settings.health_interval_seconds, loop.time()
        if not interval:
            self._turns.clear()
            return
        sick = self._health.states()
        self._turns = {p.id: self._turn(p, interval, now, p.id in sick) for p in snapshot.providers}
        for provider in snapshot.providers:
            turn = self._turns[provider.id]
            if turn.at <= now and provider.id not in self._asking:
                turn.at = now + interval * turn.intervals * random.uniform(1 - JITTER, 1 + JITTER)
                self._asking[provider.id] = loop.create_task(self._ask(provider, turn))

    def _turn(self, provider: Provider, interval: float, now: float, is_sick: bool) -> Turn:
        """The first one is spread over an interval. Who has become sick, or a shorter interval, does not
        wait for a turn of before."""
        turn = self._turns.get(provider.id)
        if turn is None:
            return Turn(now + random.uniform(0, interval))
        if is_sick:
            turn.intervals = 1
        turn.at = min(turn.at, now + interval * turn.intervals * (1 + JITTER))
        return turn

    async def _ask(self, provider: Provider, turn: Turn) -> None:
        try:
            async with self._places:
                is_well = await probe(provider, self._health, self._upstream)
            turn.intervals = min(turn.intervals * 2, MOST_SELDOM) if is_well else 1
        except Exception:
            log.exception("Provider '%s' could not be asked how it is", provider.provider_key)
        finally:
            self._asking.pop(provider.id, None)


async def probe(provider: Provider, health: Health, upstream: Upstream) -> bool:
    """Asks it once, tells the breaker, and whether it is well."""
    key = health.key_for(provider)
    model = provider.params.get(HEALTH_MODEL) or None
    report = await check.check(replace(provider, api_key=key), upstream, model=model, may_cost=False)
    if report.outcome is Outcome.AUTH:
        health.key_refused(provider, key)
    else:
        health.report(provider.id, report.outcome, words=report.words)
    return report.is_ok


class Leadership:
    """Of the one process that holds the lock; the kernel passes it on, however that one ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def is_ours(self) -> bool:
        if self._descriptor is None:
            self._descriptor = _lock(self._path)
        return self._descriptor is not None

    def end(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def _lock(path: Path) -> int | None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return filelock.take(path)
    except OSError:
        return None  # a folder that cannot be written: the table has said so
