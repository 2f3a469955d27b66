from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from logs_app import search
from logs_app.models import LogRecord, SearchText
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


def test_as_many_records_are_made_as_were_asked_for():
    err = io.StringIO()
    call_command("seed_logs", "--count", "30", "--days", "1", stderr=err)
    assert LogRecord.objects.count() == 30
    assert err.getvalue().startswith("30 of 30 records, ")
    call_command("seed_logs", "--count", "5", stderr=err)
    assert LogRecord.objects.count() == 35


def test_their_words_are_found():
    call_command("seed_logs", "--count", "20", stderr=io.StringIO())
    assert search.behind(LogRecord.objects.db) == 0
    assert SearchText.objects.count() == 20


def test_real_records_are_left_alone():
    add_record()
    with pytest.raises(CommandError, match="real records"):
        call_command("seed_logs", "--count", "5")
    call_command("seed_logs", "--count", "5", "--force", stderr=io.StringIO())
    assert LogRecord.objects.count() == 6


@pytest.mark.parametrize("options", [["--count", "0"], ["--days", "0"]])
def test_nothing_is_no_number_of_records(options):
    with pytest.raises(CommandError, match="more than nothing"):
        call_command("seed_logs", *options)
