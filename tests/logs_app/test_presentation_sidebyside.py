from __future__ import annotations

import json

import pytest

from logs_app.presentation import sidebyside
from tests.logs_app.journals import ANSWER
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


def test_two_records_stand_beside_each_other():
    other = json.loads(ANSWER)
    other["choices"][0]["message"]["content"] = "Hello.\nHow are you?"
    other["usage"] = {"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10}
    before, after = add_record(), add_record(json.dumps(other).encode())
    found = sidebyside.compare(before, after)
    assert found["before"]["id"] == str(before.pk)
    assert found["numbers"]["completion_tokens"] == {"before": 2, "after": 7, "change": 5}
    assert found["numbers"]["ttft_ms"] == {"before": None, "after": None, "change": None}
    assert found["numbers"]["cost"] == {"before": None, "after": None, "change": None}
    assert found["text"] == [{"kind": "changed", "before": "Hi.", "after": "Hello.\nHow are you?"}]
    assert {change["path"] for change in found["json"]} >= {
        "/choices/0/message/content",
        "/usage/total_tokens",
    }
    assert found["is_same_text"] is False


def test_money_is_a_decimal_number():
    before, after = add_record(), add_record()
    before.cost_nanos, after.cost_nanos = 2_500_000, 1_000
    assert sidebyside.compare(before, after)["numbers"]["cost"] == {
        "before": "0.002500000",
        "after": "0.000001000",
        "change": "-0.002499000",
    }
