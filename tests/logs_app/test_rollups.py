from __future__ import annotations

import math
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from logs_app import rollups
from logs_app.models import LogRecord, RecordTag, Rollup, Series
from logs_app.recorder.store import Store
from logs_app.rollups import completing, figures, histogram, spans
from tests.logs_app import sums
from tests.logs_app.test_recorder_store import rows, write

durations = st.floats(0, 2_000_000, allow_nan=False)
counts = st.one_of(st.none(), st.integers(0, 2**31 - 1))
outcomes = ["completed", "failed", "client_disconnected", "upstream_truncated", "interrupted", "rejected"]
records = st.fixed_dictionaries(
    {
        "repeats": st.integers(1, 1000),
        "outcome": st.sampled_from(outcomes),
        "is_cached": st.booleans(),
        "is_streaming": st.booleans(),
        "usage_estimated": st.booleans(),
        "cost_nanos": st.one_of(st.none(), st.integers(0, 10**13)),
        "saved_cost_nanos": st.one_of(st.none(), st.integers(0, 10**13)),
        "latency_ms": durations,
        "ttft_ms": st.one_of(st.none(), durations),
        "relay_ms": st.one_of(st.none(), durations),
        "tokens_per_second": st.one_of(st.none(), durations),
        **dict.fromkeys((*figures.TOKENS, *figures.BESIDE_TOKENS), counts),
    }
)


# Histograms


def filled(milliseconds: list[float]) -> list[int]:
    found = [0] * histogram.BUCKETS
    for each in milliseconds:
        found[histogram.bucket(each)] += 1
    return found


@given(durations)
def test_a_duration_lies_within_its_bucket(milliseconds):
    lower, upper = histogram.limits(histogram.bucket(milliseconds))
    assert lower <= milliseconds
    assert milliseconds <= upper or upper == histogram.BOUNDS_MS[-1]


@given(st.lists(st.floats(1, 1_000_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(milliseconds, share):
    true = sorted(milliseconds)[math.ceil(share * len(milliseconds)) - 1]
    found = histogram.percentile(filled(milliseconds), share)
    lower, upper = histogram.limits(histogram.bucket(true))
    assert lower <= found <= upper


@given(st.lists(durations, min_size=1, max_size=50), st.floats(0, 1), st.floats(0, 1))
def test_percentiles_do_not_fall(milliseconds, one, another):
    counts = filled(milliseconds)
    lower, higher = sorted((one, another))
    assert histogram.percentile(counts, lower) <= histogram.percentile(counts, higher)


def test_of_nothing_there_is_no_percentile():
    assert histogram.percentile(filled([]), 0.5) is None


# Figures


@given(st.lists(records, max_size=20))
def test_a_sum_of_figures_is_the_figures_of_each_added_up(batch):
    found = figures.Sums(sum(map(figures.of, batch)))
    for name in (*figures.TOKENS, "cost_nanos"):
        assert found[name] == sum(record[name] or 0 for record in batch)
    assert found["records"] == len(batch)
    assert found["requests"] == sum(record["repeats"] for record in batch)
    assert found["cache_hits"] == sum(record["is_cached"] for record in batch)
    served = [record for record in batch if record["outcome"] != "rejected"]
    assert list(found.latencies) == filled([record["latency_ms"] for record in served])
    assert list(found.ttfts) == filled([r["ttft_ms"] for r in served if r["ttft_ms"] is not None])


@given(records)
def test_figures_come_back_as_they_were_stored(record):
    packed = figures.pack(figures.of(record))
    assert figures.unpack(packed) == figures.of(record)
    assert len(packed) < 250


def test_lanes_of_a_later_version_are_left_alone(monkeypatch):
    later = 7 << figures.LANES * figures.LANE_BYTES * 8
    with monkeypatch.context() as then:
        then.setattr(figures, "LANES", figures.LANES + 1)
        stored = figures.pack(3 + later)
    assert figures.unpack(stored) == 3
    assert figures.Sums(figures.unpack(stored))["records"] == 3


@given(records, records)
def test_a_change_leaves_what_the_records_now_make(before, after):
    assert figures.of(before) + (figures.of(after) - figures.of(before)) == figures.of(after)


def test_a_client_that_left_is_no_error():
    failed = {"failed", "upstream_truncated", "interrupted", "rejected"}
    for outcome in outcomes:
        record = rows().record | {"outcome": outcome}
        assert figures.Sums(figures.of(record))["errors"] == (outcome in failed)


# Spans


@given(
    st.integers(0, 4 * 10**9),
    st.integers(1, 10**7),
    st.sampled_from([(spans.QUARTER,), rollups.FINE_SPANS, rollups.COARSE_SPANS]),
)
def test_spans_cover_a_time_without_gap_or_overlap(since, length, lengths):
    until = since + length
    found = spans.covering(since, until, lengths)
    assert since - 900 < found[0].start <= since
    assert until <= found[-1].end < until + 900
    for one, next in zip(found, found[1:], strict=False):
        assert one.end == next.start
    for stretch in found:
        assert stretch.start % (stretch.minutes * 60) == stretch.end % (stretch.minutes * 60) == 0
        assert stretch.minutes in lengths


def test_whole_days_and_hours_are_read_from_days_and_hours():
    day, hour, quarter = 86_400, 3600, 900
    since, until = day - hour - quarter, 3 * day + hour + 10
    assert spans.covering(since, until, rollups.COARSE_SPANS) == [
        spans.Stretch(spans.QUARTER, since, day - hour),
        spans.Stretch(spans.HOUR, day - hour, day),
        spans.Stretch(spans.DAY, day, 3 * day),
        spans.Stretch(spans.HOUR, 3 * day, 3 * day + hour),
        spans.Stretch(spans.QUARTER, 3 * day + hour, 3 * day + hour + quarter),
    ]
    assert spans.covering(since, until, rollups.FINE_SPANS) == [
        spans.Stretch(spans.QUARTER, since, day),
        spans.Stretch(spans.DAY, day, 3 * day),
        spans.Stretch(spans.QUARTER, 3 * day, 3 * day + hour + quarter),
    ]


def test_no_time_at_all_has_a_beginning():
    for lengths in ((spans.QUARTER,), rollups.COARSE_SPANS):
        assert spans.covering(900, 900, lengths) == [spans.Stretch(spans.QUARTER, 900, 900)]


# Adding


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    return store


def made(**columns: Any) -> Any:
    batch = rows()
    batch.record |= columns
    return batch


def test_sums_are_exactly_those_of_the_records(store):
    for number in range(12):
        write(
            store,
            [
                made(model=f"m-{number % 3}", total_tokens=number, status_code=200 + number % 2)
                for _ in range(5)
            ],
        )
    assert LogRecord.objects.using(store.alias).count() == 60
    assert sums.kept(store.alias) == sums.of_records(store.alias)
    assert Series.objects.using(store.alias).filter(is_coarse=False).count() == 6
    assert Rollup.objects.using(store.alias).count() == 6 * 3 + 3 * 3


def test_the_same_record_again_adds_nothing(store):
    same = made(total_tokens=5)
    write(store, [same])
    write(store, [same, made(total_tokens=7)])
    assert sums.kept(store.alias) == sums.of_records(store.alias)


def test_what_the_database_refuses_is_not_counted(store):
    bad, spare = made(path=None, model="bad"), made(model="spare")
    store.write([made(model="good"), bad], [], [], lambda refused, error: iter([spare]))
    assert sums.kept(store.alias) == sums.of_records(store.alias)
    write(store, [made(model="bad"), made(model="good")])  # the series of the refused one was undone
    assert sums.kept(store.alias) == sums.of_records(store.alias)


def test_a_transaction_that_is_undone_takes_its_series_with_it(store):
    with pytest.raises(RuntimeError), transaction.atomic(using=store.alias):
        Store(store.alias).write([made(model="m")], [], [], lambda refused, error: iter(()))
        raise RuntimeError
    write(store, [made(model="m")])
    assert sums.kept(store.alias) == sums.of_records(store.alias)


def test_a_recorder_that_begins_anew_goes_on_with_the_same_series(store):
    write(store, [made(model="m", project="old name")])
    write(Store(store.alias), [made(model="m", project="new name")])
    assert project_of_series(store) == {"new name"}
    write(Store(store.alias), [made(model="m")])  # of which only counts are kept
    assert project_of_series(store) == {"new name"}
    assert sums.kept(store.alias) == sums.of_records(store.alias)


def project_of_series(store):
    return set(Series.objects.using(store.alias).values_list("project", flat=True))


def test_a_later_price_changes_the_sums_by_the_difference(store):
    write(store, [made(cost_nanos=5), made(cost_nanos=None), made(cost_nanos=100)])
    stored = LogRecord.objects.using(store.alias)
    before = list(stored.values(*rollups.COLUMNS))
    stored.update(cost_nanos=7)
    ever = of_all_time(sums.kept(store.alias))
    rollups.adjust(store.alias, list(zip(before, stored.values(*rollups.COLUMNS), strict=True)))
    kept = sums.kept(store.alias)
    assert of_all_time(kept) == ever  # what metrics have counted never goes back
    assert kept | ever == sums.of_records(store.alias) | ever


def test_coarse_series_are_completed_from_what_was_summed_up_without_them(store):
    for number in range(5):
        times = [1_700_000_000_000 + (number * 7 + n) * 1_000_000 for n in range(7)]  # 16 minutes and more
        batch = [
            made(id=f"{ms:012x}7{number:019x}", model=f"m-{ms % 3}", provider="p", key_name=f"k{number}")
            for ms in times
        ]
        write(store, batch)
    expected = sums.kept(store.alias)
    coarse = Series.objects.using(store.alias).filter(is_coarse=True)
    Rollup.objects.using(store.alias).filter(series_id__in=coarse.values("id")).delete()
    coarse.delete()
    with connections[store.alias].cursor() as cursor:
        completing.complete(cursor)
    assert sums.kept(store.alias) == expected == sums.of_records(store.alias)


def test_calls_that_were_left_unused_are_counted_in_sums_that_were_made_before(store, monkeypatch):
    left = made(outcome="client_disconnected", **dict.fromkeys(("cost_nanos", *figures.TOKENS)))
    with monkeypatch.context() as before:
        before.setattr(figures, "_is_left_unused", lambda record: False)
        write(store, [left, made()])
    found = LogRecord.objects.using(store.alias).filter(outcome="client_disconnected")
    with connections[store.alias].cursor() as cursor:
        completing.count_left(cursor, found.values(*rollups.COLUMNS))
    kept = sums.kept(store.alias)
    assert kept == sums.of_records(store.alias)
    assert sum(map(figures.LEFT_UNUSED.__le__, kept.values())) >= len(rollups.COARSE_SPANS)


def test_without_sums_there_is_nothing_to_complete(store):
    with connections[store.alias].cursor() as cursor:
        completing.complete(cursor)
    assert not Series.objects.using(store.alias).exists()


def test_records_of_many_keys_share_a_coarse_series(store):
    write(store, [made(key_id=f"{n}", key_name=f"key {n}", project_id="p", project="P") for n in range(9)])
    series = Series.objects.using(store.alias).get(is_coarse=True)
    assert (series.node, series.project_id, series.project) == ("node-a", "p", "P")
    assert (series.key_id, series.key_name, series.outcome) == ("", "", "")
    assert Series.objects.using(store.alias).filter(is_coarse=False).count() == 9


def of_all_time(found):
    return {key: figures for key, figures in found.items() if key[0] == spans.EVER}


def test_a_record_that_changes_its_series_leaves_nothing_in_the_former(store):
    write(store, [made(model="anna@example.com", total_tokens=5), made(model="m", total_tokens=7)])
    stored = LogRecord.objects.using(store.alias)
    before = list(stored.order_by("pk").values(*rollups.COLUMNS))
    stored.filter(model="anna@example.com").update(model="[EMAIL_1]")
    after = stored.order_by("pk").values(*rollups.COLUMNS)
    rollups.adjust(store.alias, list(zip(before, after, strict=True)))
    kept = {key: figures for key, figures in sums.kept(store.alias).items() if figures}
    assert kept == sums.of_records(store.alias)


def test_tags_are_written_with_their_record(store):
    tagged = made(tags='["a", "größe"]')
    write(store, [tagged, made()])
    write(store, [tagged])
    found = LogRecord.objects.using(store.alias).filter(pk=tagged.record["id"]).get()
    assert found.tags == ["a", "größe"]
    tags = RecordTag.objects.using(store.alias).values_list("tag", "record_id")
    assert sorted(tags) == [("a", found.pk), ("größe", found.pk)]


def test_a_record_has_its_sums_in_the_span_of_its_id(store):
    batch = made()
    write(store, [batch])
    seconds = int(batch.record["id"][:12], 16) // 1000
    starts = dict(Rollup.objects.using(store.alias).values_list("minutes", "start"))
    quarter, hour, day = (seconds - seconds % length for length in (900, 3600, 86_400))
    assert starts == {0: 0, 15: quarter, 60: hour, 1440: day}


@given(st.lists(records, min_size=1, max_size=5))
def test_how_many_is_told_without_unpacking_the_rest(given):
    assert figures.records_in(figures.pack(sum(figures.of(record) for record in given))) == len(given)
