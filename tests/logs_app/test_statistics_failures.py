from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.statistics import failures
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import NOON, at

SINCE = datetime.fromtimestamp(NOON / 1000, UTC)


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    return store


def read(store: Store, since: datetime = SINCE) -> list[tuple[str, int, str]]:
    found = failures.read(since, LogRecord.objects.using(store.alias))
    return [(failure.code, failure.count, failure.newest.error_message) for failure in found]


def failed(milliseconds: int, code: str, words: str):
    return at(milliseconds, outcome="failed", status_code=500, error_code=code, error_message=words)


def test_the_most_frequent_come_first_with_their_newest_words(store):
    write(
        store,
        [
            failed(NOON - 1, "late", "before that time"),
            failed(NOON, "late", "once"),
            failed(NOON + 1, "late", "twice"),
            failed(NOON + 2, "refused", "no"),
            at(NOON + 3),
        ],
    )
    assert read(store) == [("late", 2, "twice"), ("refused", 1, "no")]
    assert read(store, SINCE + timedelta(days=1)) == []


def test_only_so_many_are_shown(store, monkeypatch):
    monkeypatch.setattr(failures, "MOST", 2)
    write(store, [failed(NOON + number, f"code-{number}", "") for number in range(3)])
    assert [code for code, *_ in read(store)] == ["code-0", "code-1"]


def test_the_records_themselves_are_not_counted_through(store):
    """The plan has the index of codes, and of the records only those that are shown."""
    rows = LogRecord.objects.using(store.alias)
    plan = rows.exclude(error_code="").filter(error_code="late").order_by("-pk").explain()
    assert "record_error_code" in plan or "Seq Scan" in plan  # PostgreSQL reads an empty table as it is
