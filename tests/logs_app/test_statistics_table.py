from __future__ import annotations

import csv

import pytest
from django.test import Client

from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


def table(api: Client, query: str) -> list[dict[str, str]]:
    answer = api.get(f"/manage/stats?format=csv&{query}")
    assert answer.status_code == 200, answer.content
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="statistics.csv"'
    return list(csv.DictReader(answer.getvalue().decode().splitlines()))


@pytest.fixture(autouse=True)
def records() -> None:
    many(3)
    for _ in range(2):
        add_record(opened_with={"model": "=m-2", "project": {"id": "7", "name": "apollo"}})


def test_each_group_is_a_row_the_busiest_first(api):
    first, second = table(api, "group_by=project,model")
    assert (first["project_id"], first["project"], first["model"], first["requests"]) == ("", "", "m-1", "3")
    assert (second["project_id"], second["project"], second["requests"]) == ("7", "apollo", "2")
    assert second["model"] == "'=m-2"  # a spreadsheet must not run it
    assert (first["priced"], first["cost"], first["prompt_tokens"]) == ("0", "", "9")
    assert float(first["latency_ms.p50"]) > 0


def test_each_interval_is_a_row(api):
    found = table(api, "group_by=model&interval=hour")
    assert all(row["start"].endswith(":00:00Z") for row in found)
    assert sum(int(row["requests"]) for row in found) == 5


def test_without_groups_it_is_one_row_and_without_calls_a_head_alone(api):
    (row,) = table(api, "")
    assert row["requests"] == "5" and "start" not in row
    assert table(api, "since=2024-11-20&until=2024-11-21") == []


def test_it_has_more_groups_than_the_json(api, monkeypatch):
    monkeypatch.setattr("logs_app.statistics.presentation.MOST_GROUPS", 1)
    assert len(table(api, "group_by=model")) == 2
