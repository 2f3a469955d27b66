from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.rollups.figures import Sums
from logs_app.statistics import periods
from logs_app.statistics.periods import PERIODS
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import at

NOW = datetime(2025, 11, 20, 12, 7, 30, tzinfo=UTC)


def ago(**given: float) -> int:
    return int((NOW - timedelta(**given)).timestamp() * 1000)


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    return store


def requests(store: Store, name: str) -> tuple[int, int]:
    overview = periods.read(name, NOW, LogRecord.objects.using(store.alias))
    return Sums(overview.total)["requests"], Sums(overview.before)["requests"]


def test_each_period_has_its_records_and_those_of_as_long_a_time_before(store):
    write(store, [at(ago(minutes=5)), at(ago(minutes=90)), at(ago(hours=30)), at(ago(days=10))])
    assert {name: requests(store, name) for name in PERIODS} == {
        "1h": (1, 1), "24h": (2, 1), "7d": (3, 1), "30d": (4, 0),
    }  # fmt: skip


def test_intervals_are_whole_and_the_last_is_under_way():
    for period in PERIODS.values():
        since, until = period.bounds(NOW)
        assert since.timestamp() % period.step.total_seconds() == 0
        assert since + period.length >= until == NOW
        assert until - since > period.length - period.step


def test_an_hour_is_read_by_the_minute_while_there_are_few_records(store, monkeypatch):
    write(store, [at(ago(minutes=5)), at(ago(minutes=6)), at(ago(minutes=6, seconds=1))])
    records = LogRecord.objects.using(store.alias)
    few = periods.read("1h", NOW, records)
    assert (few.period.interval, few.answer.source) == ("minute", "records")
    assert sorted(Sums(sums)["requests"] for sums in few.answer.sums.values()) == [1, 2]
    monkeypatch.setattr(periods, "MOST_BY_MINUTE", 2)
    many = periods.read("1h", NOW, records)
    assert (many.period.interval, many.answer.source) == ("15m", "rollups")
    assert Sums(many.total)["requests"] == 3
