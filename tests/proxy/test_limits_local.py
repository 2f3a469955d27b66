"""What the table does beyond the promises of test_limits_limiter: processes, and their end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from proxy.limits.limiter import Need, Refused, Taken
from proxy.limits.local import LocalLimiter
from tests.accounts.limited import budgets
from tests.managing import elsewhere

CALL: Need = (1, 0, 0)
STREAM: Need = (1, 0, 1)
OTHER = """
import asyncio, sys
from pathlib import Path
from proxy.limits.limiter import Taken
from proxy.limits.local import LocalLimiter
from tests.accounts.limited import budgets
own = budgets(minute=int(sys.argv[2]), streams=int(sys.argv[3]), name="credential:1")
limiter = LocalLimiter(Path(sys.argv[1]))
print("ready", flush=True)
async def take():
    results = [await limiter.take(own, (1, 0, 1)) for _ in range(int(sys.argv[4]))]
    return sum(isinstance(result, Taken) for result in results)
while sys.stdin.readline():
    print(asyncio.run(take()), flush=True)
"""


async def test_eight_processes_pass_as_many_as_one_would(tmp_path: Path) -> None:
    with elsewhere(OTHER, tmp_path, 50, 1000, 100, count=8) as processes:
        for process in processes:
            process.go_on()
        assert sum(int(process.line()) for process in processes) == 50


async def test_the_streams_of_a_killed_process_are_free_at_once(tmp_path: Path) -> None:
    own = budgets(minute=1000, streams=3, name="credential:1")
    limiter = LocalLimiter(tmp_path)
    with elsewhere(OTHER, tmp_path, 1000, 3, 3) as (process,):
        process.go_on()
        assert process.line() == "3"
        assert isinstance(await limiter.take(own, STREAM), Refused)
        process.kill()
        assert isinstance(await limiter.take(own, STREAM), Taken)


async def test_a_restarted_process_finds_its_counts(tmp_path: Path) -> None:
    own = budgets(minute=2)
    for _ in range(2):
        limiter = LocalLimiter(tmp_path)
        assert isinstance(await limiter.take(own, CALL), Taken)
        await limiter.aclose()

    assert isinstance(await LocalLimiter(tmp_path).take(own, CALL), Refused)


async def test_what_another_limiter_let_through_counts_here_beyond_any_limit(tmp_path: Path) -> None:
    own = budgets(minute=2, tokens=100, streams=5)
    limiter = LocalLimiter(tmp_path)
    noted = [Taken(own, (1, 50, 1), (), redis_us=1) for _ in range(3)]
    for taken in noted:
        limiter.note(taken)

    assert [each.amount for each in await limiter.look(own)] == [0, 0]
    assert all(taken.local_us for taken in noted)


def test_nothing_is_written_before_there_is_something_to_count(tmp_path: Path) -> None:
    asyncio.run(LocalLimiter(tmp_path).aclose())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unit", ["second", "tokens"])
async def test_a_call_costs_microseconds(tmp_path: Path, unit: str) -> None:
    """5 µs on the machine this was written on; the bound only tells a table from a trip."""
    limiter, own = LocalLimiter(tmp_path), budgets(**{unit: 10**9})
    await limiter.take(own, (1, 10, 0))
    began = time.perf_counter()
    for _ in range(1000):
        await limiter.take(own, (1, 10, 0))

    assert (time.perf_counter() - began) / 1000 < 100e-6
