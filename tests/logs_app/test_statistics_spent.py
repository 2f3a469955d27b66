from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logs_app.recorder.store import Store
from logs_app.statistics import spent
from logs_app.statistics.spent import NOTHING, Spent
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import at

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 11, 20, 12, 7, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def used() -> None:
    store = Store("default")
    store.register("node-a")
    shop = {"project_id": "p", "key_id": "7", "key_kind": "credential", "provider": "main"}
    write(
        store,
        [
            at(NOW_MS, **shop, total_tokens=5, cost_nanos=7, latency_ms=100.0),
            at(NOW_MS - HOUR_MS, **shop, total_tokens=6, outcome="failed", status_code=500),
            at(NOW_MS - 30 * HOUR_MS, **shop, total_tokens=7, cost_nanos=9),
            at(NOW_MS - 24 * 3 * HOUR_MS, key_id="7", key_kind="token"),
        ],
    )


def test_the_last_day_is_summed_up() -> None:
    found = spent.lately("project", ["p", "nobody"], NOW)["p"]
    assert (found.requests, found.errors, found.tokens, found.cost_nanos) == (2, 1, 11, 7)
    assert found.p50_ms and found.p95_ms
    assert list(spent.lately("provider", ["main"], NOW)) == ["main"]


def test_days_are_told_one_by_one_the_oldest_first() -> None:
    days = spent.daily("credential", ["7"], 3, NOW)["7"]
    assert [day.requests for day in days] == [0, 1, 2]
    assert spent.total(days) == Spent(3, 1, 18, 16)
    assert days[0] is NOTHING


def test_keys_of_either_kind_are_kept_apart() -> None:
    assert [day.requests for day in spent.daily("token", ["7"], 4, NOW)["7"]] == [1, 0, 0, 0]
    assert spent.daily("token", ["7"], 3, NOW) == {}


def test_more_series_than_are_asked_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logs_app.statistics.sums.FEW_SERIES", 0)
    assert spent.lately("project", ["p"], NOW)["p"].requests == 2


def test_nothing_has_no_price() -> None:
    assert spent.total([NOTHING, NOTHING]) == NOTHING
