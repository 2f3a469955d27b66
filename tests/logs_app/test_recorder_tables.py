from __future__ import annotations

import pytest
from django.db import IntegrityError, connections, transaction

from logs_app.models import LogPayload
from logs_app.recorder import binding
from logs_app.recorder.tables import PAYLOADS, RECORDS, copy, insert
from tests.logs_app.test_recorder_store import rows
from tests.scratch import only_postgresql


@pytest.fixture
def cursor(scratch):
    with transaction.atomic(using=scratch.alias), binding.cursor(connections[scratch.alias]) as cursor:
        yield cursor


def payload():
    made = rows().payload
    return made | {"request_body": b"\x00\\x\n\xff"}


def test_a_row_that_is_there_stays_as_it_is(cursor, scratch):
    first = payload()
    insert(cursor, PAYLOADS, [PAYLOADS.values(first)])
    insert(
        cursor, PAYLOADS, [PAYLOADS.values(first | {"request_body": b"other"}), PAYLOADS.values(payload())]
    )
    assert cursor.rowcount == 1
    bodies = LogPayload.objects.using(scratch.alias).values_list("request_body", flat=True)
    assert [bytes(body) for body in bodies] == [first["request_body"]] * 2


@only_postgresql
def test_what_is_copied_is_what_is_inserted(cursor, scratch):
    copied, inserted = payload(), payload()
    copy(cursor, PAYLOADS, [PAYLOADS.values(copied)])
    insert(cursor, PAYLOADS, [PAYLOADS.values(inserted)])
    one, other = LogPayload.objects.using(scratch.alias).values()
    assert {k: v for k, v in one.items() if k != "record_id"} == {
        k: v for k, v in other.items() if k != "record_id"
    }


@only_postgresql
def test_a_copy_refuses_a_row_that_is_there(cursor, scratch):
    made = rows().record | {"seq": 1}
    copy(cursor, RECORDS, [RECORDS.values(made)])
    with pytest.raises(IntegrityError), transaction.atomic(using=scratch.alias):
        copy(cursor, RECORDS, [RECORDS.values(made)])


def test_the_database_is_not_asked_to_copy_nothing():
    asked: list[str] = []

    class Cursor:
        def copy(self, statement: str, rows: list[tuple]) -> None:
            asked.append(statement)

    copy(Cursor(), RECORDS, [])
    assert asked == []
    copy(Cursor(), RECORDS, [()])
    assert asked == [RECORDS.copy]
