from __future__ import annotations

import pytest

from accounts.admin import sparks, words
from accounts.models import Credential


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "5 s"), (300, "5 min"), (7200, "2 h"), (7500, "2 h 5 min"), (36_300, "10 h"), (86_400, "1 day"),
        (97_200, "1 day 3 h"), (5 * 86_400 + 7200, "5 days"), (-7200, "2 h"),
    ],
)  # fmt: skip
def test_a_duration_is_said_with_its_largest_units(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_limits_are_sentences() -> None:
    row = Credential(rate_limit=1, rate_limit_per_minute=1000, tokens_per_minute=0, max_concurrent_streams=2)
    assert dict(words.limits(row)) == {
        "rate_limit": "1 request a second",
        "rate_limit_per_minute": "1,000 requests a minute",
        "tokens_per_minute": "0 model tokens a minute",
        "max_concurrent_streams": "2 streams at once",
    }
    assert list(words.limits(Credential())) == []


def test_a_policy_is_told_rule_by_rule() -> None:
    rules = {"allowed_endpoints": ["/v1/chat/completions"], "param_whitelist": {"model": ["gpt-4o", "o3"]}}
    assert list(words.policy(rules)) == [
        "Only these endpoints: /v1/chat/completions.",
        "The parameter model may be: gpt-4o, o3.",
    ]


def test_a_spark_is_as_high_as_its_day() -> None:
    drawn = sparks.spark([0, 5, 10], "15 requests <b>")
    assert drawn.count("<rect") == 3 and drawn.count("spark-none") == 1
    assert 'height="18.0"' in drawn and 'height="9.0"' in drawn
    assert "15 requests &lt;b&gt;" in drawn and "style" not in drawn
