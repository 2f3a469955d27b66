from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.models import Project
from logs_app.models import LogRecord, RecordTag
from logs_app.recorder.store import Store
from logs_app.statistics import bill
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import at

pytestmark = pytest.mark.django_db

NOVEMBER = date(2025, 11, 1)


def call(*moment: int, **columns: Any) -> Any:
    given = {"project_id": "p", "project": "apollo", "model": "m-1", "cost_nanos": 5, "total_tokens": 3}
    return at(int(datetime(*moment, tzinfo=UTC).timestamp() * 1000), **given | columns)


def recorded(*calls: Any) -> None:
    store = Store("default")
    store.register("node-a")
    write(store, list(calls))


def told(month: date = NOVEMBER) -> list[tuple[str, list[tuple[str, int, int]]]]:
    return [
        (
            account.name,
            [(item.model, item.sums["requests"], item.sums["cost_nanos"]) for item in account.items],
        )
        for account in bill.read(month, LogRecord.objects.all())
    ]


def test_a_month_is_told_by_project_and_model_the_dearest_first() -> None:
    recorded(
        call(2025, 10, 31, 23, 59, 59),
        call(2025, 11, 1),
        call(2025, 11, 30, 23, 59, 59, model="m-2", cost_nanos=50),
        call(2025, 11, 15, project_id="q", project="gemini", cost_nanos=500),
        call(2025, 11, 15, project_id="", project="", model="", cost_nanos=None),
        call(2025, 12, 1),
    )
    assert told() == [
        ("gemini", [("m-1", 1, 500)]),
        ("apollo", [("m-2", 1, 50), ("m-1", 1, 5)]),
        ("", [("", 1, 0)]),
    ]
    assert told(date(2025, 12, 1)) == [("apollo", [("m-1", 1, 5)])]


def test_a_project_that_was_renamed_is_one() -> None:
    project = Project.objects.create(name="artemis")
    id = str(project.pk)
    recorded(
        call(2025, 11, 1, project_id=id),
        call(2025, 11, 2, project_id=id, project="artemis", model="m-2"),
        call(2025, 11, 3, project_id=id, project="", model="m-3"),  # only counts of it are kept
    )
    assert [name for name, _items in told()] == ["artemis"]


def test_it_stays_when_records_end() -> None:
    recorded(call(2025, 11, 1))
    LogRecord.objects.all().delete()
    assert told() == [("apollo", [("m-1", 1, 5)])]


def test_months_begin_with_the_first_call() -> None:
    assert bill.months(date(2026, 1, 31)) == [date(2026, 1, 1)]
    recorded(call(2025, 11, 30))
    assert bill.months(date(2026, 1, 31)) == [date(2026, 1, 1), date(2025, 12, 1), NOVEMBER]


def test_what_was_tried_out_is_found_by_its_tag_and_lineage() -> None:
    recorded(
        call(2025, 11, 1, lineage="replay"),
        call(2025, 11, 2, lineage="replay", cost_nanos=None),
        call(2025, 11, 3),  # of a client that says so itself
        call(2025, 12, 1, lineage="replay"),
    )
    ids = LogRecord.objects.values_list("pk", flat=True)
    RecordTag.objects.bulk_create(RecordTag(tag="replay", record_id=id) for id in ids)
    assert bill.trials(NOVEMBER, "replay", LogRecord.objects.all()) == bill.Trials(2, 5)
    assert bill.trials(NOVEMBER, "playground", LogRecord.objects.all()) == bill.Trials(0, 0)
