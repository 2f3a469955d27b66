from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import router

from logs_app.models import LogRecord, ModelPrice, Rollup
from logs_app.pricing import reading
from logs_app.pricing.repricing import reprice
from logs_app.rollups import figures
from logs_app.rollups.spans import EVER
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db
START = datetime(2020, 1, 1, tzinfo=UTC)
M = 1_000_000


def set_price(input: int, output: int, **more: object) -> ModelPrice:
    values = {"input": input * M, "output": output * M}
    return ModelPrice.objects.update_or_create(model="m-1-2026", valid_from=START, defaults=values | more)[0]


def run(**options: object) -> list:
    using = router.db_for_write(LogRecord)
    return list(reprice(LogRecord.objects.all(), reading.read(using), using, **options))


def test_records_get_the_cost_of_the_price_of_now():
    record = add_record()
    assert record.cost_nanos is None
    price = set_price(10, 100)
    (progress,) = run()
    record.refresh_from_db()
    assert record.cost_nanos == 3 * 10 + 2 * 100
    assert record.price_version == reading.rates_of(price).version
    assert (progress.seen, progress.changed, progress.before, progress.after) == (1, 1, 0, 230)
    price.delete()
    run()
    record.refresh_from_db()
    assert (record.cost_nanos, record.price_version) == (None, "")


def test_batches_reach_every_record_once():
    many(7)
    set_price(1, 1)
    seen = [(progress.seen, progress.changed) for progress in run(batch=3)]
    assert seen == [(3, 3), (6, 6), (7, 7)]
    assert [(progress.seen, progress.changed) for progress in run(batch=10)] == [(7, 0)]


def test_a_dry_run_changes_nothing():
    add_record()
    set_price(1, 1)
    assert run(dry_run=True)[0].after == 5
    assert LogRecord.objects.get().cost_nanos is None


def test_a_price_of_the_providers_own_configuration_stays():
    record = add_record(closed_with={"price": {"input": 7 * M, "output": 0}})
    assert (record.cost_nanos, record.price_version) == (21, "own")
    set_price(1, 1)
    assert run() == []
    record.refresh_from_db()
    assert record.cost_nanos == 21


def test_the_sums_follow():
    many(3)
    set_price(10, 100)
    run()
    sums = [figures.Sums(figures.unpack(row.figures)) for row in Rollup.objects.exclude(minutes=EVER)]
    assert sums
    assert {(each["priced"], each["cost_nanos"]) for each in sums} == {(3, 690)}
