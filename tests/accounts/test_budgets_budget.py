from __future__ import annotations

import pytest

from accounts.budgets import budget
from accounts.budgets.budget import MINUTE_US, REQUESTS, SECOND_US, SLOTS, STREAMS, TOKENS
from proxy.configuration.configuration import Limits


def test_without_a_limit_there_is_nothing_to_count() -> None:
    assert budget.of("credential:1", "key 'a'", Limits()) == ()


def test_each_limit_is_a_budget_of_its_own() -> None:
    found = budget.of("credential:1", "key 'a'", Limits(10, 100, 5000, 2))

    assert [(one.name, one.unit, one.limit, one.window_us) for one in found] == [
        ("credential:1:second", REQUESTS, 10, SECOND_US),
        ("credential:1:minute", REQUESTS, 100, MINUTE_US),
        ("credential:1:tokens", TOKENS, 5000, MINUTE_US),
        ("credential:1:streams", STREAMS, 2, 0),
    ]


def test_a_limit_of_0_is_a_limit() -> None:
    (found,) = budget.of("credential:1", "key 'a'", Limits(rate_limit=0))

    assert found.limit == 0


def test_a_changed_limit_is_counted_in_the_same_place() -> None:
    (before,) = budget.of("credential:1", "key 'a'", Limits(rate_limit=10))
    (after,) = budget.of("credential:1", "key 'b'", Limits(rate_limit=20))

    assert (before.high, before.low) == (after.high, after.low)


def test_what_is_settled_by_name_is_counted_in_the_same_place() -> None:
    (reserved,) = budget.of("credential:1", "key 'a'", Limits(tokens_per_minute=10))
    settled = budget.of_tokens(reserved.name)

    assert (settled.high, settled.low) == (reserved.high, reserved.low)


@pytest.mark.parametrize(("limit", "grain_us"), [(1, 0), (SLOTS, 0), (SLOTS + 1, 7874), (10**9, 7874)])
def test_requests_share_an_entry_only_beyond_the_slots(limit: int, grain_us: int) -> None:
    (found,) = budget.of("credential:1", "key 'a'", Limits(rate_limit=limit))

    assert found.grain_us == grain_us


def test_a_limit_is_told_in_words() -> None:
    found = budget.of("credential:1", "key 'a'", Limits(10, 100, 5000, 2))

    assert [one.sentence for one in found] == [
        "10 requests per second",
        "100 requests per minute",
        "5000 tokens per minute",
        "2 streams at once",
    ]
