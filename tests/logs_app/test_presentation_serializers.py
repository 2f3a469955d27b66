from __future__ import annotations

from logs_app.models import LogRecord
from logs_app.presentation.serializers import COLUMNS, RecordSerializer


def test_what_was_not_there_is_null():
    shown = RecordSerializer(LogRecord(provider="", model="m", status_code=None, prompt_tokens=0)).data
    assert (shown["provider"], shown["model"], shown["status_code"], shown["prompt_tokens"]) == (
        None,
        "m",
        None,
        0,
    )


def test_cost_is_shown_in_dollars():
    assert RecordSerializer(LogRecord(cost_nanos=2_500_000)).data["cost"] == "0.002500000"


def test_a_list_reads_only_the_columns_that_it_shows():
    names = {field.name for field in LogRecord._meta.concrete_fields}
    assert set(COLUMNS) <= names
    assert "fold_error" not in COLUMNS
