from __future__ import annotations

import pytest
from django.db import DEFAULT_DB_ALIAS

from logs_app import removal
from logs_app.models import Attempt, LogPayload, LogRecord, RecordTag, SearchText
from logs_app.search.indexer import Indexer
from tests.logs_app import sums
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


def test_nothing_is_left_of_a_removed_record_but_its_sums():
    gone, kept = many(2, headers=[["content-type", "application/json"], ["x-relay-tags", "t"]])
    Indexer(["node-a"]).work(10)
    before = sums.kept(DEFAULT_DB_ALIAS)
    assert removal.remove([gone.pk], DEFAULT_DB_ALIAS) == 1
    assert LogRecord.objects.get() == kept
    for model in (LogPayload, Attempt, RecordTag, SearchText):
        assert {row.record_id for row in model.objects.all()} == {kept.pk}
    assert sums.kept(DEFAULT_DB_ALIAS) == before


def test_what_is_gone_is_removed_again_without_a_word():
    (record,) = many(1)
    removal.remove([record.pk], DEFAULT_DB_ALIAS)
    assert removal.remove([record.pk], DEFAULT_DB_ALIAS) == 0
