"""What was reserved for a call put right once its real use is known: what it did not need goes back, what it
took beyond counts from now on.

Failure policy: a settlement that cannot be made is left out, and the estimate stands until its minute is
over. It is made once or not at all: the recorder settles what it has committed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from accounts import redisclient
from accounts.budgets import scripts
from accounts.budgets.budget import of_tokens
from accounts.budgets.table import Table

PATIENCE_SECONDS = 0.5
# While Redis is away the recorder must not wait for it at every batch.
PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settlement:
    """`budgets` are names. Times are of the table's and of Redis' clock; None where nothing was reserved."""

    budgets: Sequence[str]
    reserved: int
    used: int
    local_us: int | None
    redis_us: int | None


class Ledger:
    def __init__(self, data_dir: Path, redis_url: str) -> None:
        self._data_dir, self._redis_url = data_dir, redis_url
        self._table: Table | None = None
        self._redis: Redis | None = None
        self._redis_at = 0.0

    def settle(self, settlements: Sequence[Settlement]) -> None:
        settlements = [one for one in settlements if one.used != one.reserved]
        for one in settlements:
            if one.local_us is not None:
                self._settle_here(one, one.local_us)
        shared = [one for one in settlements if one.redis_us is not None]
        if shared and self._redis_url and time.monotonic() >= self._redis_at:
            self._settle_shared(shared)

    def close(self) -> None:
        if self._table is not None:
            self._table.close()
        if self._redis is not None:
            self._redis.close()

    def _settle_here(self, one: Settlement, at_us: int) -> None:
        if self._table is None:
            self._table = Table(self._data_dir)
        with self._table as now_us:
            for name in one.budgets:
                budget = of_tokens(name)
                row = self._table.row(budget, now_us)
                if row is None:
                    continue
                if one.used < one.reserved:
                    row.take_back(now_us, budget.window_us, at_us, one.reserved - one.used)
                else:
                    row.used(now_us, budget.window_us)
                    row.add(now_us, one.used - one.reserved, budget.grain_us)

    def _settle_shared(self, settlements: Sequence[Settlement]) -> None:
        if self._redis is None:
            self._redis = redisclient.blocking(self._redis_url, PATIENCE_SECONDS)
        settle = self._redis.register_script(scripts.SETTLE)
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for one in settlements:
                    keys = [scripts.PREFIX + name for name in one.budgets]
                    arguments = scripts.settle_arguments(one.redis_us or 0, one.reserved, one.used)
                    settle(keys, arguments, client=pipeline)
                pipeline.execute()
        except (RedisError, OSError) as error:
            self._redis_at = time.monotonic() + PAUSE_SECONDS
            log.warning("%d calls keep their estimated tokens: Redis says %s.", len(settlements), error)
