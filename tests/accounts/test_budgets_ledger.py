from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from accounts.budgets import scripts
from accounts.budgets.budget import Budget
from accounts.budgets.ledger import PATIENCE_SECONDS, Ledger, Settlement
from accounts.budgets.table import Table
from tests.accounts.limited import budgets
from tests.redisserver import redis_server


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    table = Table(tmp_path)
    yield table
    table.close()


def reserve(table: Table, budget: Budget, amount: int) -> int:
    with table as now:
        row = table.row(budget, now)
        assert row is not None
        row.add(now, amount, budget.grain_us)
        return now


def used(table: Table, budget: Budget) -> int:
    with table as now:
        row = table.row(budget, now)
        assert row is not None
        return row.used(now, budget.window_us)


@pytest.mark.parametrize("real", [0, 120, 500, 900])
def test_what_was_used_takes_the_place_of_what_was_reserved(table: Table, tmp_path: Path, real: int) -> None:
    key, project = budgets(tokens=1000) + budgets(tokens=1000)
    at_us = reserve(table, key, 500)
    reserve(table, project, 500)
    ledger = Ledger(tmp_path, "")
    # Both were taken in one moment by the lane; here the second a little later.
    ledger.settle([Settlement([key.name], 500, real, at_us, None)])
    ledger.settle([Settlement([project.name], 500, real, at_us + 1, None)])
    ledger.close()

    assert used(table, key) == used(table, project) == real


def test_what_was_not_reserved_here_is_not_settled_here(table: Table, tmp_path: Path) -> None:
    (key,) = budgets(tokens=1000)
    reserve(table, key, 500)
    ledger = Ledger(tmp_path, "")
    ledger.settle([Settlement([key.name], 500, 100, None, 7)])
    ledger.close()

    assert used(table, key) == 500


def test_what_was_reserved_in_redis_is_settled_there(redis_url: str, tmp_path: Path) -> None:
    own = budgets(tokens=1000)
    with Redis.from_url(redis_url) as redis:
        take = redis.register_script(scripts.TAKE)
        at_us = take(scripts.keys(own), scripts.take_arguments(own, [500], "", 0))[0]
        ledger = Ledger(tmp_path, redis_url)
        ledger.settle([Settlement([own[0].name], 500, 120, None, at_us) for _ in range(1)])
        ledger.settle([Settlement([own[0].name], 0, 7, None, at_us)])
        ledger.close()

        assert take(scripts.keys(own), scripts.take_arguments(own, [0], "", 0))[3] == 127


def test_a_redis_that_is_away_holds_the_recorder_up_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server(tmp_path) as server:
        server.pause()
        ledger = Ledger(tmp_path, server.url)
        began = time.monotonic()
        for _ in range(20):
            ledger.settle([Settlement(["token:1:tokens"], 500, 120, None, 7)])
        took = time.monotonic() - began
        ledger.close()
        server.go_on()

    assert took < 4 * PATIENCE_SECONDS
    assert len([record for record in caplog.records if "keep their estimated tokens" in record.message]) == 1


def test_nothing_is_opened_for_estimates_that_were_right(tmp_path: Path) -> None:
    Ledger(tmp_path, "").settle([Settlement(["token:1:tokens"], 500, 500, 7, 7)])

    assert list(tmp_path.iterdir()) == []
