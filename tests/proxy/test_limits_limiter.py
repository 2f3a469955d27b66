"""What both limiters promise, asked of each: the table of one machine, and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accounts.budgets.budget import MINUTE_US, SECOND_US
from proxy.limits.limiter import Limiter, Need, Refused, Taken
from proxy.limits.local import LocalLimiter
from proxy.limits.shared import SharedLimiter
from tests.accounts.limited import budgets

CALL: Need = (1, 0, 0)
STREAM: Need = (1, 0, 1)


@pytest.fixture(params=["local", "redis"])
async def limiter(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Limiter]:
    if request.param == "local":
        made: Limiter = LocalLimiter(tmp_path)
    else:
        made = SharedLimiter(request.getfixturevalue("redis_url"))
    yield made
    await made.aclose()


async def count(limiter: Limiter, own: tuple, need: Need, times: int) -> int:
    results = await asyncio.gather(*(limiter.take(own, need) for _ in range(times)))
    return sum(isinstance(result, Taken) for result in results)


async def settled() -> None:
    """What `end` has left to a task is done."""
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("limit", [10, 500])
async def test_of_many_calls_at_once_as_many_pass_as_may(limiter: Limiter, limit: int) -> None:
    assert await count(limiter, budgets(minute=limit), CALL, limit + 90) == limit


async def test_a_second_is_a_sliding_window(limiter: Limiter) -> None:
    own = budgets(second=4)
    assert await count(limiter, own, CALL, 2) == 2
    await asyncio.sleep(0.6)
    assert await count(limiter, own, CALL, 5) == 2
    await asyncio.sleep(0.5)
    assert await count(limiter, own, CALL, 5) == 2
    await asyncio.sleep(0.6)
    assert await count(limiter, own, CALL, 5) == 2


async def test_a_refusal_names_the_budget_and_when_it_is_free(limiter: Limiter) -> None:
    own = budgets(second=2)
    await count(limiter, own, CALL, 2)
    result = await limiter.take(own, CALL)

    assert isinstance(result, Refused)
    assert (result.budget, result.amount) == (own[0], 1)
    assert result.wait_us is not None and 0.8 * SECOND_US < result.wait_us <= SECOND_US
    await asyncio.sleep(result.wait_us / 1e6)
    assert isinstance(await limiter.take(own, CALL), Taken)


async def test_of_several_the_one_that_takes_longest_refuses(limiter: Limiter) -> None:
    own = budgets(second=2, minute=2)
    await count(limiter, own, CALL, 2)
    result = await limiter.take(own, CALL)

    assert isinstance(result, Refused)
    assert result.budget.name.endswith(":minute")


async def test_a_refused_call_takes_nothing_anywhere(limiter: Limiter) -> None:
    key, project = budgets(minute=100, tokens=1000, streams=5), budgets(minute=3, tokens=1000, streams=5)
    assert await count(limiter, key + project, (1, 10, 1), 9) == 3

    assert [each.amount for each in await limiter.look(key)] == [97, 970]
    assert await count(limiter, key, STREAM, 9) == 2


async def test_keys_of_a_project_share_its_limit(limiter: Limiter) -> None:
    project = budgets(minute=5)
    one, other = budgets(minute=4) + project, budgets(minute=4) + project

    assert await count(limiter, one, CALL, 9) == 4
    assert await count(limiter, other, CALL, 9) == 1


async def test_a_call_tells_what_remains_after_it(limiter: Limiter) -> None:
    own = budgets(second=10, tokens=1000)
    result = await limiter.take(own, (1, 300, 0))

    assert isinstance(result, Taken)
    (requests, tokens) = result.remaining
    assert (requests.budget, requests.amount, requests.reset_us) == (own[0], 9, SECOND_US)
    assert (tokens.budget, tokens.amount, tokens.reset_us) == (own[1], 700, MINUTE_US)


async def test_looking_takes_nothing(limiter: Limiter) -> None:
    own = budgets(second=2, tokens=100)
    for _ in range(5):
        assert [each.amount for each in await limiter.look(own)] == [2, 100]


async def test_tokens_of_all_calls_in_a_minute_stay_within_the_limit(limiter: Limiter) -> None:
    own = budgets(tokens=1000)

    assert await count(limiter, own, (1, 300, 0), 10) == 3
    assert await count(limiter, own, (1, 100, 0), 10) == 1


async def test_a_call_without_tokens_passes_where_tokens_are_used_up(limiter: Limiter) -> None:
    own = budgets(tokens=1000)
    await limiter.take(own, (1, 1000, 0))
    result = await limiter.take(own, CALL)

    assert isinstance(result, Taken)
    assert [each.amount for each in result.remaining] == [0]


async def test_tokens_of_a_call_that_was_never_made_go_back(limiter: Limiter) -> None:
    own = budgets(tokens=1000)
    result = await limiter.take(own, (1, 900, 0))
    assert isinstance(result, Taken)
    limiter.end(result)
    await settled()

    assert [each.amount for each in await limiter.look(own)] == [1000]


async def test_tokens_that_the_recorder_settles_stay(limiter: Limiter) -> None:
    own = budgets(tokens=1000)
    result = await limiter.take(own, (1, 900, 0))
    assert isinstance(result, Taken)
    result.settles = True
    limiter.end(result)
    await settled()

    assert [each.amount for each in await limiter.look(own)] == [100]


async def test_streams_are_counted_while_they_last(limiter: Limiter) -> None:
    own = budgets(streams=2)
    taken = [await limiter.take(own, STREAM) for _ in range(3)]
    assert [type(result) for result in taken] == [Taken, Taken, Refused]

    assert isinstance(taken[0], Taken)
    limiter.end(taken[0])
    await settled()
    assert await count(limiter, own, STREAM, 3) == 1


async def test_a_refused_stream_may_come_again_in_a_second(limiter: Limiter) -> None:
    own = budgets(streams=1)
    await limiter.take(own, STREAM)
    result = await limiter.take(own, STREAM)

    assert isinstance(result, Refused)
    assert result.wait_us == SECOND_US


async def test_calls_that_do_not_stream_are_no_streams(limiter: Limiter) -> None:
    assert await count(limiter, budgets(streams=1), CALL, 5) == 5


def test_a_reservation_tells_the_recorder_what_to_settle_and_where() -> None:
    own = budgets(minute=5, tokens=100, name="token:1") + budgets(tokens=100, name="project:2")
    taken = Taken(own, (1, 40, 0), (), local_us=7, redis_us=None)

    assert taken.reservation == {
        "budgets": ["token:1:tokens", "project:2:tokens"],
        "tokens": 40,
        "local_us": 7,
        "redis_us": None,
    }


def test_without_a_limit_of_tokens_nothing_is_to_be_settled() -> None:
    assert Taken(budgets(minute=5), (1, 40, 0), ()).reservation is None
