"""The scripts, run by a real Redis whose clock the test sets, compared with the rows of the local table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from accounts.budgets import scripts
from accounts.budgets.budget import MINUTE_US, STREAMS, TOKENS, Budget
from accounts.budgets.row import WORDS, Row
from tests.accounts.limited import budgets

REAL_CLOCK = "redis.call('TIME')"
START_US = 1_900_000_000_000_000
steps = st.one_of(st.integers(0, 2_000_000), st.sampled_from([0, 1, 1_000_000, MINUTE_US - 1, MINUTE_US]))


class Server:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, decode_responses=True)
        self._clock = f"clock:{uuid.uuid4()}"
        set_clock = f"{{0, redis.call('GET', '{self._clock}')}}"
        assert all(REAL_CLOCK in one for one in (scripts.TAKE, scripts.SETTLE, scripts.RENEW))
        self._take, self._settle, self._renew = (
            self._redis.register_script(one.replace(REAL_CLOCK, set_clock))
            for one in (scripts.TAKE, scripts.SETTLE, scripts.RENEW)
        )

    def set(self, now_us: int) -> None:
        self._redis.set(self._clock, now_us, ex=60)

    def take(self, own: tuple[Budget, ...], amounts: list[int], lease: str = "") -> list[int]:
        return self._take(scripts.keys(own), scripts.take_arguments(own, amounts, lease, 1_000_000))

    def settle(self, own: tuple[Budget, ...], at_us: int, reserved: int, used: int) -> None:
        self._settle(scripts.keys(own), scripts.settle_arguments(at_us, reserved, used))

    def renew(self, own: Budget, lease: str) -> None:
        self._renew(scripts.keys([own]), scripts.renew_arguments([lease]))

    def close(self) -> None:
        self._redis.close()


@pytest.fixture
def server(redis_url: str) -> Iterator[Server]:
    server = Server(redis_url)
    server.set(START_US)
    yield server
    server.close()


def fresh_row() -> Row:
    return Row(memoryview(bytearray(8 * WORDS)).cast("Q"), 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.one_of(st.integers(1, 20), st.integers(200, 2000)),
    calls=st.lists(st.tuples(steps, st.integers(0, 300), st.integers(0, 400)), max_size=60),
)
@pytest.mark.parametrize("unit", ["minute", "tokens"])
def test_redis_decides_as_the_table_does(
    server: Server, unit: str, limit: int, calls: list[tuple[int, int, int]]
) -> None:
    (own,) = budgets(**{unit: limit})
    row, now = fresh_row(), START_US
    for gap, amount, used in calls:
        now += gap
        server.set(now)
        amount = amount if own.unit == TOKENS else 1
        held = row.used(now, own.window_us)
        is_over = amount > 0 and held + amount > limit
        _, number, wait, seen, reset = server.take((own,), [amount])
        assert (number, seen) == (int(is_over), held)
        if is_over:
            assert wait == row.wait_us(now, own.window_us, held + amount - limit)
        elif amount:
            row.add(now, amount, own.grain_us)
        assert reset == row.reset_us(now, own.window_us)
        if own.unit == TOKENS and amount and not is_over:
            server.settle((own,), now, amount, used)
            if used < amount:
                row.take_back(now, own.window_us, now, amount - used)
            else:
                row.add(now, used - amount, own.grain_us)


def test_a_late_settlement_gives_back_to_the_minute_it_was_reserved_in(server: Server) -> None:
    own = budgets(tokens=1000)
    server.take(own, [400])
    server.set(START_US + 30_000_000)
    server.take(own, [500])
    server.settle(own, START_US, 400, 100)
    assert server.take(own, [0])[3] == 600
    server.set(START_US + MINUTE_US)
    assert server.take(own, [0])[3] == 500


def test_a_settlement_after_its_minute_gives_nothing_back(server: Server) -> None:
    own = budgets(tokens=1000)
    server.take(own, [400])
    server.set(START_US + MINUTE_US)
    server.take(own, [500])
    server.settle(own, START_US, 400, 100)

    assert server.take(own, [0])[3] == 500


def test_what_was_used_beyond_the_estimate_counts_from_the_settlement_on(server: Server) -> None:
    own = budgets(tokens=1000)
    server.take(own, [400])
    server.set(START_US + 59_000_000)
    server.settle(own, START_US, 400, 2000)
    server.set(START_US + 61_000_000)

    assert server.take(own, [1])[1:4] == [1, 58_000_000, 1600]


def test_a_lease_that_is_not_renewed_ends(server: Server) -> None:
    own = budgets(streams=1)
    assert own[0].unit == STREAMS
    server.take(own, [1], "first")
    server.set(START_US + (scripts.LEASE_SECONDS - 1) * 1_000_000)
    assert server.take(own, [1], "second")[1] == 1
    server.renew(own[0], "first")
    server.set(START_US + (scripts.LEASE_SECONDS + 1) * 1_000_000)
    assert server.take(own, [1], "second")[1] == 1
    server.set(START_US + 2 * scripts.LEASE_SECONDS * 1_000_000)
    assert server.take(own, [1], "second")[1] == 0


def test_a_clock_set_back_a_little_frees_nothing_early(server: Server) -> None:
    own = budgets(second=1)
    server.take(own, [1])
    server.set(START_US - 100_000)

    assert server.take(own, [1])[1:3] == [1, 1_000_000]


def test_a_clock_set_back_far_does_not_block_until_it_has_caught_up(server: Server) -> None:
    own = budgets(second=1)
    server.take(own, [1])
    server.set(START_US - 3_600_000_000)

    assert server.take(own, [1])[1] == 0


def test_what_redis_holds_goes_with_its_window(server: Server, redis_url: str) -> None:
    own = budgets(second=1, tokens=5, streams=1)
    server.take(own, [1, 1, 1], "lease")
    with Redis.from_url(redis_url) as redis:
        lives = [redis.pttl(key) for key in scripts.keys(own)]

    assert [0 < life <= most for life, most in zip(lives, (2_000, 61_000, 21_000), strict=True)] == [True] * 3
