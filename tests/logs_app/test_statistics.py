from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from logs_app.statistics import sums
from logs_app.statistics.presentation import figures_of
from logs_app.statistics.question import StatisticsFilters
from tests.logs_app.records import add_record, many
from tests.logs_app.test_api import get
from tests.logs_app.test_recorder_store import rows, write

QUARTER_MS = 900_000
NOON = 1_763_640_000_000  # 2025-11-20T12:00:00Z


def at(milliseconds: int, **columns: Any) -> Any:
    batch = rows()
    id = f"{milliseconds:012x}" + batch.record["id"][12:]
    batch.record |= {"id": id, "outcome": "completed", "status_code": 200} | columns
    batch.payload["record_id"] = id
    return batch


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    batch = [
        at(
            NOON, model="m-1", project_id="p", project="apollo", latency_ms=10.0, total_tokens=5, cost_nanos=7
        ),
        at(NOON + 1, model="m-1", latency_ms=1000.0, ttft_ms=100.0, is_streaming=True, session="s"),
        at(
            NOON + QUARTER_MS,
            model="m-2",
            key_id="k",
            key_name="Ann",
            is_cached=True,
            tags='["t"]',
            prompt_fingerprint="f-1",
        ),
        at(NOON + 40 * 4 * QUARTER_MS, model="m-1", outcome="failed", status_code=500),  # two days later
    ]
    write(store, batch)
    return store


def ask(store: Store, **given: str) -> sums.Answer:
    asked = StatisticsFilters.given({"since": str(NOON), "until": str(NOON + 3 * 86_400_000)} | given)
    asked.is_valid(raise_exception=True)
    return sums.read(asked, LogRecord.objects.using(store.alias))


def test_a_question_of_the_relays_own_is_one_of_the_api(store):
    since = datetime.fromtimestamp(NOON / 1000, UTC)
    records = LogRecord.objects.using(store.alias)
    assert figures_of(sums.ask(records, since, since + timedelta(days=3)).total)["requests"] == 4
    divided = sums.ask(records, since, since + timedelta(days=3), group_by="model")
    assert counted(divided) == {(("m-1",), 0): 3, (("m-2",), 0): 1}


def counted(answer: sums.Answer) -> dict[Any, int]:
    return {key: figures_of(figures)["requests"] for key, figures in answer.sums.items()}


START = NOON // 1000
CASES: list[tuple[dict[str, str], dict[Any, int]]] = [
    ({}, {((), 0): 4}),
    ({"group_by": "model"}, {(("m-1",), 0): 3, (("m-2",), 0): 1}),
    ({"group_by": "model,status"}, {(("m-1", 200), 0): 2, (("m-1", 500), 0): 1, (("m-2", 200), 0): 1}),
    ({"group_by": "project"}, {(("p", "apollo"), 0): 1, (("", ""), 0): 3}),
    ({"project": "apollo"}, {((), 0): 1}),
    ({"key": "Ann"}, {((), 0): 1}),
    ({"status": "5xx"}, {((), 0): 1}),
    ({"outcome": "completed", "model": "m-1"}, {((), 0): 2}),
    ({"model": "m-9"}, {}),
    ({"until": str(NOON + 1)}, {((), 0): 2}),  # to the end of the quarter
    ({"since": str(NOON + QUARTER_MS)}, {((), 0): 2}),
    ({"interval": "15m", "until": str(NOON + 86_400_000)}, {((), START): 2, ((), START + 900): 1}),
    ({"interval": "hour", "until": str(NOON + 86_400_000)}, {((), START): 3}),
    ({"interval": "day"}, {((), START - START % 86_400): 3, ((), START - START % 86_400 + 2 * 86_400): 1}),
]


@pytest.mark.parametrize("few", [("FEW_SPANS", 100), ("FEW_SPANS", 0), ("FEW_SERIES", 0)])
def test_sums_are_divided_and_narrowed_however_they_are_asked_for(store, monkeypatch, few):
    monkeypatch.setattr(sums, *few)
    for given, wanted in CASES:
        answer = ask(store, **given)
        assert (counted(answer), answer.source) == (wanted, "rollups"), given


def test_what_the_sums_are_not_kept_by_is_read_from_the_records(store):
    for given, wanted in (
        ({"session": "s"}, {((), 0): 1}),
        ({"tag": "t", "group_by": "model"}, {(("m-2",), 0): 1}),
        ({"min_latency_ms": "10", "interval": "15m", "until": str(NOON + 9000)}, {((), START): 2}),
        ({"stream": "false", "until": str(NOON + 1)}, {((), 0): 1}),  # exactly
        ({"interval": "minute", "until": str(NOON + 60_000)}, {((), START): 2}),
        ({"group_by": "session"}, {(("s",), 0): 1, (("",), 0): 3}),
        ({"group_by": "user,model"}, {(("", "m-1"), 0): 3, (("", "m-2"), 0): 1}),
        ({"group_by": "fingerprint", "model": "m-2"}, {(("f-1",), 0): 1}),
    ):
        answer = ask(store, **given)
        assert (counted(answer), answer.source, answer.is_capped) == (wanted, "records", False), given


def test_both_sources_agree(store, monkeypatch):
    """All records took less: a filter that leaves everything, and that no sum is kept by."""
    for divided in ({"group_by": "model,provider,outcome"}, {"interval": "day"}, {"group_by": "key"}):
        kept, read = ask(store, **divided), ask(store, max_latency_ms="99999", **divided)
        assert (kept.source, read.source) == ("rollups", "records")
        assert kept.sums == read.sums


def test_only_so_many_records_are_read(store, monkeypatch):
    monkeypatch.setattr(sums, "MOST_RECORDS", 2)
    answer = ask(store, max_latency_ms="99999")
    assert (counted(answer), answer.is_capped) == ({((), 0): 2}, True)


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["", "/"])
def test_statistics_say_how_much_how_well_how_fast_and_how_dear(api, end):
    many(3)
    add_record(answered_with={"status": 500}, closed_with={"status": 500, "latency_us": 50_000})
    found = get(api, f"/manage/stats{end}?group_by=model&interval=hour")
    totals = found["totals"]
    assert (totals["requests"], totals["errors"], totals["error_rate"]) == (4, 1, 0.25)
    assert (totals["prompt_tokens"], totals["completion_tokens"]) == (12, 8)
    assert totals["cost"] is None
    assert totals["latency_ms"]["average"] == 16.25
    assert 4 < totals["latency_ms"]["p50"] <= 5.1
    assert 40 < totals["latency_ms"]["p99"] <= 50.8
    assert totals["ttft_ms"] == dict.fromkeys(("average", "p50", "p90", "p95", "p99"))
    (group,) = found["groups"]
    assert group["group"] == {"model": "m-1"}
    assert group["requests"] == sum(step["requests"] for step in group["series"]) == 4
    assert [step["requests"] for step in found["series"]] == [step["requests"] for step in group["series"]]
    assert (found["source"], found["is_capped"], found["groups_left_out"]) == ("rollups", False, 0)


@pytest.mark.django_db
def test_without_records_there_is_nothing_to_sum_up(api):
    found = get(api, "/manage/stats")
    assert found["totals"]["requests"] == 0
    assert found["totals"]["error_rate"] is None
    assert "groups" not in found and "series" not in found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("group_by=colour", "group_by"),
        ("group_by=model,,key", "group_by"),
        ("interval=2h", "interval"),
        ("interval=15m&since=365d", "interval"),
        ("since=1h&until=2h", "until"),
        ("status=7", "status"),
    ],
)
def test_a_question_that_makes_no_sense_is_an_error(api, query, named):
    assert get(api, f"/manage/stats?{query}", 400)["error"]["param"] == named


@pytest.mark.django_db
def test_a_few_queries_are_enough(api, django_assert_max_num_queries):
    many(30)
    # The token's rate limit, the series, and up to three stretches: quarters before and after whole hours.
    with django_assert_max_num_queries(6) as queries:
        get(api, "/manage/stats?group_by=model&interval=hour&model=m-1")
    assert not any("logs_app_logrecord" in query["sql"] for query in queries.captured_queries)


@pytest.mark.django_db
def test_without_a_token_nothing_is_shown():
    assert Client().get("/manage/stats").status_code == 401


def test_an_answer_from_records_says_where_they_begin(store):
    day_before = str(NOON - 86_400_000)
    assert ask(store, group_by="session").records_from is None
    assert ask(store, since=day_before, group_by="model").records_from is None
    assert ask(store, since=day_before, group_by="session").records_from.timestamp() == NOON / 1000
    LogRecord.objects.using(store.alias).all().delete()
    answer = ask(store, group_by="session")
    assert (answer.sums, answer.records_from) == ({}, answer.until)
