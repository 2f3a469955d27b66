from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from logs_app.assembly import columns


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        (None, ""),
        (17, "17"),
        ("grün 語", "grün 語"),
        ("a\0b", "a\ufffdb"),
        ("\ud800x", "?x"),
        ("é\0\udfff", "é\ufffd?"),
    ],
)
def test_text_is_what_every_database_takes(value, shown):
    assert columns.text(value) == shown
    shown.encode()


def test_text_is_cut_to_its_column():
    assert columns.text("123456", 4) == "1234"


@pytest.mark.parametrize("value", [["a\0b"], ["\ud83d"], {"n": 2**70}, [b"bytes"], ["\\u0000"]])
def test_json_text_has_nothing_that_postgresql_refuses(value):
    text = columns.json_text(value)
    json.loads(text)
    assert "\\u0000" not in text.replace("\\\\u0000", "")
    assert "\\ud8" not in text


def test_ordinary_json_is_unchanged():
    assert columns.json_text([{"kind": "é"}]) == '[{"kind":"é"}]'


@pytest.mark.parametrize(
    ("value", "counted"),
    [(0, 0), (7, 7), (-1, None), (1.5, None), ("7", None), (True, None), (2**40, 2**31 - 1)],
)
def test_counts_are_whole_and_fit(value, counted):
    assert columns.count(value) == counted


@pytest.mark.parametrize(
    ("value", "status"), [(200, 200), (None, None), ("200", None), (-1, None), (70000, None)]
)
def test_a_status_is_one_or_none(value, status):
    assert columns.status(value) == status


def test_moments_keep_their_microseconds():
    assert columns.moment(1_763_660_000_123_456) == datetime(2025, 11, 20, 17, 33, 20, 123456, tzinfo=UTC)
