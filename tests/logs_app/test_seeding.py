from __future__ import annotations

from itertools import pairwise

from logs_app.models import LogRecord, SearchText
from logs_app.recorder.store import Store
from logs_app.search.indexer import Indexer
from logs_app.seeding import NODE, Seeder
from tests.logs_app import sums


def test_made_up_records_are_stored_as_real_ones_are(scratch):
    store = Store(scratch.alias)
    store.register(NODE)
    store.write(list(Seeder().records(300, days=2)), [], [], lambda rows, error: iter(()))
    records = list(LogRecord.objects.using(scratch.alias).order_by("pk"))
    assert len(records) == 300
    assert {record.outcome for record in records} > {"completed", "failed"}
    assert all(one.created_at <= next.created_at for one, next in pairwise(records))
    assert sums.kept(scratch.alias) == sums.of_records(scratch.alias)
    while (indexer := Indexer([NODE], scratch.alias)).work(60):
        pass
    assert not indexer.nodes
    assert SearchText.objects.using(scratch.alias).count() == 300


def test_the_same_seed_makes_the_same_records():
    def said(seed: int) -> list[str]:
        return [rows.record["request_preview"] for rows in Seeder(seed).records(20, days=1)]

    assert said(1) == said(1) != said(2)
