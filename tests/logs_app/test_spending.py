from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from logs_app import spending
from logs_app.models import LogRecord

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
numbers = itertools.count(1)


def record(key_id: str = "1", at: datetime = NOW, **columns: Any) -> None:
    number = next(numbers)
    id = UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | number)
    given = {"model": "gpt-4o", "outcome": "completed", "prompt_tokens": 10, "cost_nanos": 5, **columns}
    LogRecord.objects.create(
        id=id, node="n", seq=number, request_id=str(id), created_at=at, finished_at=at, latency_ms=1.0,
        method="POST", path="/v1/x", endpoint="/v1/x", is_streaming=False, key_id=key_id, **given,
    )  # fmt: skip


def lines(days: int = 7) -> list[tuple[str, str, int, int | None]]:
    report = spending.of_key("1", days, NOW)
    return [
        (str(line["date"]), line["model"], line["requests"], line["prompt_tokens"]) for line in report.lines
    ]


@pytest.mark.django_db
def test_a_keys_own_records_are_summed_by_day_and_model_newest_first() -> None:
    record()
    record(model="o3", prompt_tokens=None)
    record(prompt_tokens=5)
    record(at=NOW - timedelta(days=1))
    record(key_id="2")
    assert lines() == [
        ("2026-03-10", "gpt-4o", 2, 15),
        ("2026-03-10", "o3", 1, None),
        ("2026-03-09", "gpt-4o", 1, 10),
    ]


@pytest.mark.django_db
def test_days_are_of_utc_and_today_is_the_first_of_them() -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    record(at=midnight)
    record(at=midnight - timedelta(milliseconds=1))
    assert lines(2) == [("2026-03-09", "gpt-4o", 1, 10)]
    assert [line[0] for line in lines(3)] == ["2026-03-09", "2026-03-08"]


@pytest.mark.django_db
def test_refused_calls_are_not_counted() -> None:
    record(outcome="rejected", prompt_tokens=None)
    assert lines() == []


@pytest.mark.django_db
def test_the_total_is_of_all_lines() -> None:
    record()
    record(model="o3", completion_tokens=7)
    total = spending.of_key("1", 1, NOW).total
    assert (total["requests"], total["prompt_tokens"], total["completion_tokens"], total["cost_nanos"]) == (
        2,
        20,
        7,
        10,
    )
    assert total["reasoning_tokens"] is None


@pytest.mark.django_db
def test_beyond_so_many_records_only_the_newest_count_and_the_report_says_so() -> None:
    record(model="old")
    record(model="new")
    assert not spending.of_key("1", 1, NOW).is_partial
    report = spending.of_key("1", 1, NOW, most_records=1)
    assert report.is_partial
    assert [line["model"] for line in report.lines] == ["new"]


@pytest.mark.django_db
def test_nothing_spent_is_an_empty_report() -> None:
    report = spending.of_key("1", 30, NOW)
    assert (report.since, report.until, report.lines) == (date(2026, 2, 9), date(2026, 3, 10), [])
    assert report.total["requests"] == 0
