"""Every event arrives at least once, whoever is killed: the full figure is `python -m bench.deliveries`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from bench import deliveries
from tests.scratch import Scratch, only_sqlite, scratch  # noqa: F401 - fixtures

KILLS = 15

pytestmark = pytest.mark.timeout(300)


def result_of(bus: str, database_url: str, record_property: Callable[[str, object], None]) -> dict[str, Any]:
    seed = int.from_bytes(os.urandom(4))
    result = deliveries.run(
        events=2000, kills=KILLS, bus=bus, seconds=4.0, seed=seed, database_url=database_url
    )
    words = f"{bus}: {KILLS} kills, {result['missing']} of {result['events']} missing"
    record_property("figure", f"{words}, {result['more_than_once']} more than once")
    return result


@pytest.mark.conformance("guarantee", 8)
def test_killed_recorders_and_dispatchers_lose_no_event(
    scratch: Scratch,  # noqa: F811
    record_property: Callable[[str, object], None],
) -> None:
    result = result_of("database", scratch.url, record_property)
    assert (result["events"], result["missing"], result["unknown"]) == (2000, 0, 0)
    assert sum(result["killed"].values()) == KILLS


@pytest.mark.conformance("guarantee", 8)
@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs the program redis-server")
@only_sqlite
def test_nor_does_a_redis_that_is_killed_and_keeps_nothing(
    scratch: Scratch,  # noqa: F811
    record_property: Callable[[str, object], None],
) -> None:
    result = result_of("redis", scratch.url, record_property)
    assert (result["events"], result["missing"], result["unknown"]) == (2000, 0, 0)
    assert sum(result["killed"].values()) == KILLS
