from __future__ import annotations

from logs_app.statistics import divisions
from relay.dashboard import breakdown
from tests.logs_app.test_statistics_divisions import WORDS, overview


def test_each_part_is_a_row_with_the_way_to_its_records():
    found = overview({"model": "a&b=c", "count": 4}, {"model": "m-2", "outcome": "failed"}, {"model": ""})
    first, second, third = breakdown.rows(divisions.divide(found, "model", WORDS), "model")
    assert (first.name, first.query, first.requests, first.share) == ("a&b=c", "model=a%26b%3Dc", "4", 100)
    assert (first.errors, first.has_errors, first.cost, first.latency) == ("0 %", False, "–", "–")
    assert {second.name: second.is_failing, third.name: third.is_failing} == {"m-2": True, "None": False}
    assert {second.name: second.query, third.name: third.query} == {"m-2": "model=m-2", "None": ""}
    assert second.share == 25


def test_a_few_errors_are_told_but_not_cried():
    found = overview({"model": "m", "count": 99}, {"model": "m", "outcome": "failed"})
    (row,) = breakdown.rows(divisions.divide(found, "model", WORDS), "model")
    assert (row.errors, row.has_errors, row.is_failing) == ("1.0 %", True, False)


def test_without_calls_there_are_no_rows():
    assert breakdown.rows(divisions.divide(overview(), "", WORDS), "") == []
