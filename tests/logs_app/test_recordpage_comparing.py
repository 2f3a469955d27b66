from __future__ import annotations

import pytest

from logs_app.recordpage import comparing
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


def test_facts_and_numbers_are_written_for_people():
    before, after = add_record(), add_record()
    before.cost_nanos, after.cost_nanos = 25_650, 20_000
    before.latency_ms, after.latency_ms = 843.352, 1943.352
    before.total_tokens, after.total_tokens = 1004, 1000
    shown = comparing.of(before, after)
    assert ("Outcome", "Completed", "Completed") in shown["facts"]
    numbers = dict(shown["numbers"])
    assert numbers["Cost"] == {"before": "$0.000026", "after": "$0.000020", "change": "−$0.0000056"}
    assert numbers["Latency"] == {"before": "843.4 ms", "after": "1.94 s", "change": "+1.10 s"}
    assert numbers["Total tokens"] == {"before": "1,004", "after": "1,000", "change": "−4"}
    assert numbers["First token"] == {"before": "–", "after": "–", "change": ""}


def test_what_stayed_the_same_has_no_change():
    record = add_record()
    assert {number["change"] for _title, number in comparing.of(record, record)["numbers"]} == {""}
