from __future__ import annotations

import struct
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection

from logs_app import assembly
from logs_app.assembly import Rows
from logs_app.journal.segments import CLOSED, OPENED
from logs_app.models import KeyUsage, LogRecord
from logs_app.recorder import keyusage
from logs_app.recorder.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def record(key_id: str = "7", *, minutes: int = 0, **values: Any) -> dict[str, Any]:
    base = {"key_kind": "token", "key_id": key_id, "outcome": "completed", "is_cached": False}
    return base | {"created_at": NOON + timedelta(minutes=minutes)} | values


def add(*records: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        keyusage.add(cursor, records)


def read(kind: str = "token") -> dict[str, tuple[int, int, datetime]]:
    found = keyusage.read(kind, ["7", "8", "9"])
    return {id: (row.request_count, row.cache_hit_count, row.last_used_at) for id, row in found.items()}


@pytest.mark.django_db
def test_the_calls_of_a_key_add_up_over_batches() -> None:
    add(record(), record(minutes=2), record("8"))
    add(record(minutes=1))
    assert read() == {"7": (3, 0, NOON + timedelta(minutes=2)), "8": (1, 0, NOON)}


@pytest.mark.django_db
def test_cache_hits_are_counted_apart() -> None:
    add(record(), record(is_cached=True, minutes=3))
    assert read() == {"7": (1, 1, NOON + timedelta(minutes=3))}


@pytest.mark.django_db
def test_refused_calls_and_calls_without_a_key_do_not_count() -> None:
    add(record(outcome="rejected"), record(""))
    assert read() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["failed", "client_disconnected", "interrupted", "upstream_truncated"])
def test_a_call_counts_however_it_ended(outcome: str) -> None:
    add(record(outcome=outcome))
    assert read()["7"][0] == 1


@pytest.mark.django_db
def test_the_same_id_of_another_kind_is_another_key() -> None:
    add(record(), record(key_kind="credential"))
    assert (read()["7"][0], read("credential")["7"][0]) == (1, 1)


@pytest.mark.django_db
def test_a_set_of_keys_is_read_in_one_query(django_assert_num_queries: Any) -> None:
    add(record("7"), record("8"))
    with django_assert_num_queries(1):
        assert set(read()) == {"7", "8"}


def test_a_batch_has_one_sum_for_each_key() -> None:
    assert set(keyusage.sum_up([record(), record(), record("8")])) == {("token", "7"), ("token", "8")}


@pytest.fixture
def store() -> Store:
    opened = Store()
    opened.register("node")
    return opened


def stored_rows(id: uuid.UUID, key_id: str = "7") -> Rows:
    key = {"id": key_id, "kind": "token", "name": "", "prefix": "sk-…"}
    opened = orjson.dumps({"created_us": 1_700_000_000_000_000, "key": key})
    closed = orjson.dumps({"outcome": "completed", "status": 200})
    head = struct.pack("<I", len(opened)) + opened
    return assembly.assemble(id.bytes, "node", [(OPENED, 0, head), (CLOSED, 5, closed)], 1 << 20)


def write(store: Store, *batch: Rows, spare: Any = None) -> None:
    store.write(batch, [], [], spare)


def counted(key_id: str = "7") -> int:
    return sum(KeyUsage.objects.filter(key_id=key_id).values_list("request_count", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_use_of_keys_is_written_with_the_records(store: Store) -> None:
    write(store, stored_rows(uuid.uuid4()), stored_rows(uuid.uuid4()), stored_rows(uuid.uuid4(), "8"))
    assert (LogRecord.objects.count(), counted(), counted("8")) == (3, 2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_record_that_is_there_already_is_not_counted_again(store: Store) -> None:
    known = uuid.uuid4()
    write(store, stored_rows(known))
    write(store, stored_rows(known), stored_rows(uuid.uuid4()))
    assert (LogRecord.objects.count(), counted()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_refused_counts_once_in_what_is_stored_instead(store: Store) -> None:
    bad, good = stored_rows(uuid.uuid4()), stored_rows(uuid.uuid4())
    bad.record["method"] = None
    instead = stored_rows(uuid.UUID(bad.record["id"]))
    write(store, bad, good, spare=lambda refused, error: iter([instead]))
    assert (LogRecord.objects.count(), counted()) == (2, 2)
