from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.statistics import keyreport
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import at

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


def record(moment: datetime = NOW, **columns: Any) -> LogRecord:
    given = {"key_id": "1", "key_kind": "token", "model": "gpt-4o", "prompt_tokens": 10, "cost_nanos": 5}
    return at(int(moment.timestamp() * 1000), **given | columns)


def recorded(*records: LogRecord) -> None:
    store = Store("default")
    store.register("node-a")
    write(store, list(records))


def lines(days: int = 7) -> list[tuple[str, str, int, int]]:
    report = keyreport.of_key("1", days, NOW)
    return [
        (str(line["date"]), line["model"], line["requests"], line["prompt_tokens"]) for line in report.lines
    ]


def test_what_a_key_used_is_told_by_day_and_model_newest_first() -> None:
    recorded(
        record(),
        record(model="o3", prompt_tokens=None),
        record(prompt_tokens=5),
        record(NOW - timedelta(days=1)),
        record(key_id="2"),
    )
    assert lines() == [
        ("2026-03-10", "gpt-4o", 2, 15),
        ("2026-03-10", "o3", 1, 0),
        ("2026-03-09", "gpt-4o", 1, 10),
    ]


def test_days_are_of_utc_and_today_is_the_first_of_them() -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    recorded(record(midnight), record(midnight - timedelta(milliseconds=1)))
    assert lines(2) == [("2026-03-09", "gpt-4o", 1, 10)]
    assert [line[0] for line in lines(3)] == ["2026-03-09", "2026-03-08"]


def test_refused_calls_are_not_counted() -> None:
    recorded(record(outcome="rejected", prompt_tokens=None))
    assert lines() == []


def test_failed_calls_are_counted() -> None:
    recorded(record(), record(outcome="failed", status_code=500))
    assert lines() == [("2026-03-10", "gpt-4o", 2, 20)]


def test_the_total_is_of_all_lines() -> None:
    recorded(record(), record(model="o3", completion_tokens=7))
    total = keyreport.of_key("1", 1, NOW).total
    assert total == {
        "requests": 2,
        "prompt_tokens": 20,
        "completion_tokens": 7,
        "total_tokens": 0,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "cost_nanos": 10,
    }


def test_what_has_no_price_costs_nothing_that_is_known() -> None:
    recorded(record(cost_nanos=None))
    assert keyreport.of_key("1", 1, NOW).total["cost_nanos"] is None


def test_deleted_records_count_on() -> None:
    recorded(record())
    LogRecord.objects.all().delete()
    assert lines() == [("2026-03-10", "gpt-4o", 1, 10)]


def test_nothing_used_is_an_empty_report() -> None:
    report = keyreport.of_key("1", 30, NOW)
    assert (report.since, report.until, report.lines) == (date(2026, 2, 9), date(2026, 3, 10), [])
    assert (report.total["requests"], report.total["cost_nanos"]) == (0, None)
