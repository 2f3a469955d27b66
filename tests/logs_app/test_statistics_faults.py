from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from logs_app.assembly import Rows, ending
from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.statistics import faults
from logs_app.statistics.faults import Faults
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import NOON, at

SINCE = datetime.fromtimestamp(NOON / 1000, UTC)
TRY = {"status": 503, "latency_us": 1000, "model": "m", "key": "", "error": "", "message": ""}


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    return store


def read(store: Store, since: datetime = SINCE) -> Faults:
    return faults.read(since, LogRecord.objects.using(store.alias))


def failed(milliseconds: int, status: int, **columns: Any) -> Rows:
    return at(milliseconds, outcome="failed", status_code=status, provider="p", **columns)


def tried(milliseconds: int, *providers: str) -> Rows:
    rows = at(milliseconds, provider=providers[-1])
    tries = [
        ending.attempt(bytes.fromhex(rows.record["id"]), number, TRY | {"provider": name})
        for number, name in enumerate(providers, 1)
    ]
    return replace(rows, attempts=tries)


def test_another_4xx_is_the_caller_s(store: Store) -> None:
    statuses = (400, 404, 422, 401, 408, 429, 500)
    write(store, [failed(NOON + number, status) for number, status in enumerate(statuses)])
    write(store, [failed(NOON - 1, 404), at(NOON, status_code=404, provider="p")])
    assert read(store).of_callers == {"p": 3}


def test_tries_before_the_last_one_are_those_that_nobody_saw(store: Store) -> None:
    write(store, [tried(NOON - 1, "a", "b"), tried(NOON, "a", "b"), tried(NOON + 1, "a", "a", "c")])
    write(store, [tried(NOON + 2, "b")])
    assert read(store).retried == {"a": 3}
    assert read(store, SINCE + timedelta(days=1)) == Faults({}, {})
