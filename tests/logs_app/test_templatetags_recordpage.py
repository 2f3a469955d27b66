from __future__ import annotations

import pytest

from logs_app.models import LogRecord, Outcome
from logs_app.templatetags import recordpage


@pytest.mark.parametrize(
    ("outcome", "status", "html"),
    [
        (Outcome.COMPLETED, 200, '<span class="badge badge-ok">200 Completed</span>'),
        (Outcome.FAILED, 500, '<span class="badge badge-error">500 Failed</span>'),
        (Outcome.REJECTED, 429, '<span class="badge badge-warn">429 Rejected</span>'),
        (Outcome.INTERRUPTED, None, '<span class="badge badge-warn">Interrupted</span>'),
    ],
)
def test_how_it_ended_has_a_colour_and_words(outcome, status, html):
    assert recordpage.outcome_badge(LogRecord(outcome=outcome, status_code=status)) == html


def test_a_price_says_whether_it_is_an_estimate():
    assert recordpage.exact_price(LogRecord(cost_nanos=1_500_000)) == "$0.0015"
    assert recordpage.exact_price(LogRecord(cost_nanos=1_500_000, usage_estimated=True)) == "≈ $0.0015"
    assert recordpage.exact_price(LogRecord()) == "–"


def test_only_what_was_counted_is_listed():
    assert recordpage.counted(LogRecord(prompt_tokens=3, total_tokens=5)) == [
        ("Prompt tokens", 3),
        ("Total tokens", 5),
    ]


@pytest.mark.parametrize(
    ("share", "shown", "tenth"), [(1.0, "100.0 %", 9), (0.25, "25.0 %", 2), (0.00001, "0.001 %", 0)]
)
def test_shares_are_written_as_percent(share, shown, tenth):
    assert (recordpage.percent(share), recordpage.tenth(share)) == (shown, tenth)


def test_a_role_is_a_word_and_one_of_few_classes():
    assert (str(recordpage.role("user")), recordpage.role_class("user")) == ("User", "user")
    assert (recordpage.role('"><b>'), recordpage.role_class('"><b>')) == ("&quot;&gt;&lt;b&gt;", "other")


def test_values_are_written_in_one_line():
    assert recordpage.json_line({"a": [1, "b"]}) == '{"a": [1, "b"]}'
    assert recordpage.json_line("words") == "words"
    assert recordpage.figure(1234567) == "1,234,567"
