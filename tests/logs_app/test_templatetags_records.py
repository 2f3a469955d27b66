from __future__ import annotations

import pytest

from logs_app.models import LogRecord
from logs_app.templatetags import records


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, "–"),
        ({"total_tokens": 1234}, "1,234"),
        ({"total_tokens": 12, "usage_estimated": True}, "≈ 12"),
        ({"total_tokens": 5, "prompt_tokens": 5, "completion_tokens": 0}, "5"),
        (
            {"total_tokens": 1500, "prompt_tokens": 1000, "completion_tokens": 500},
            '<span title="1,500 tokens in all">1,000 → 500</span>',
        ),
    ],
)
def test_tokens_are_what_went_in_and_what_came_out(facts, shown):
    assert records.tokens(LogRecord(**facts)) == shown


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, ""),
        ({"is_streaming": True, "is_cached": True, "lineage": "replay"}, "stream · cached · replay"),
        ({"outcome": "failed", "error_code": "boom", "is_streaming": True}, "boom · stream"),
        ({"outcome": "rejected", "repeats": 7}, "Rejected · ×7"),
    ],
)
def test_what_was_special_is_said_in_words(facts, shown):
    assert records.remarks(LogRecord(**{"outcome": "completed", "is_streaming": False} | facts)) == shown


def test_a_price_that_rests_on_an_estimate_says_so():
    assert records.price(LogRecord(cost_nanos=12_300_000, usage_estimated=True)) == "≈ $0.0123"


@pytest.mark.parametrize(
    ("sent", "served", "shown"),
    [("", "", "p"), ("m", "m", "p"), ("m-2", "", "p → m-2"), ("m", "m-2026", "p → m-2026")],
)
def test_what_served_is_named_where_it_differs(sent, served, shown):
    assert records.served(LogRecord(model="m", model_sent=sent, model_served=served, provider="p")) == shown
