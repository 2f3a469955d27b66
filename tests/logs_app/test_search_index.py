from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection

from logs_app import search
from logs_app.models import LogRecord, SearchText
from logs_app.search import schema
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db


def run(*options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("search_index", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def found(text: str) -> list[LogRecord]:
    return list(search.narrow(LogRecord.objects.all(), text))


def test_it_says_how_far_the_index_is():
    many(2)
    assert run() == ("2 records are not in the search index yet.\n", "")
    assert not SearchText.objects.exists()


def test_it_brings_the_index_up_to_the_records():
    record = add_record()
    out, err = run("--update")
    assert out == "0 records are not in the search index yet.\n"
    assert err.startswith("1 records, ")
    assert found("hello") == [record]


def test_it_makes_the_index_anew():
    record = add_record()
    SearchText.objects.create(record_id=record.pk, text="of former times")
    run("--rebuild")
    assert found("former") == []
    assert found("hello") == [record]


def test_it_makes_an_index_that_could_not_be_made_before():
    record = add_record()
    schema.remove(connection)
    out, _ = run("--update")
    assert "only the newest records are searched" in out
    out, _ = run("--rebuild")
    assert "only the newest" not in out
    assert schema.is_installed(connection)
    assert found("hello") == [record]
