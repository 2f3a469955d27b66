"""What is said of a key; how it is asked is in tests/relay/test_policies.py."""

from __future__ import annotations

import pytest

from accounts.budgets.budget import STREAMS
from proxy.configuration.configuration import Key, Limits, Project
from proxy.errors import RelayError
from proxy.limits.limiter import Remaining
from proxy.selfservice import selfservice
from tests.proxy.calls import call


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [
        ("/v1/relay", True),
        ("/v1/relay/", True),
        ("/v1/relay/key", True),
        ("/v1/rel%61y/key", True),
        ("/v1/relay/anything/else", True),
        ("/v1/relayed", False),
        ("/v1/relay-x/key", False),
        ("/v1/models/relay", False),
    ],
)
def test_all_under_its_prefix_is_answered_here(path: str, is_taken: bool) -> None:
    assert selfservice.takes(call("GET", path)) is is_taken


def test_a_key_without_anything_has_nothing_but_its_name() -> None:
    none = dict.fromkeys(
        ("rate_limit", "rate_limit_per_minute", "tokens_per_minute", "max_concurrent_streams")
    )
    assert selfservice._of_key(Key("7", "credential", "app", "sk-a…"), [], 0) == {
        "object": "relay.key",
        "id": "7",
        "kind": "credential",
        "name": "app",
        "prefix": "sk-a…",
        "expires_at": None,
        "allowed_models": [],
        "limits": none,
        "quota": None,
        "project": None,
    }


def test_a_key_with_everything_shows_what_remains_of_it() -> None:
    project = Project("p", "Shop", allowed_models=("gpt-*",), limits=Limits(rate_limit=9))
    limits = Limits(rate_limit=5, tokens_per_minute=1000, max_concurrent_streams=2)
    key = Key("7", "token", "job", "sk-a…", project, 1_900_000_000.5, limits=limits, max_requests=10)
    remaining = [Remaining(budget, 3, 250_000) for budget in key.budgets if budget.unit != STREAMS]
    about = selfservice._of_key(key, remaining, 12)
    per_second = {"limit": 5, "remaining": 3, "reset_seconds": 0.25}
    assert about["limits"] == {
        "rate_limit": per_second,
        "rate_limit_per_minute": None,
        "tokens_per_minute": per_second | {"limit": 1000},
        "max_concurrent_streams": {"limit": 2},
    }
    assert about["project"]["limits"]["rate_limit"] == per_second | {"limit": 9}
    assert about["quota"] == {"max_requests": 10, "used": 12, "remaining": 0}
    assert about["expires_at"] == "2030-03-17T17:46:40.500Z"


@pytest.mark.parametrize(("query", "days"), [("", 30), ("days=1", 1), ("days=90", 90), ("days=5&days=7", 7)])
def test_days_are_those_asked_for(query: str, days: int) -> None:
    assert selfservice._days(call("GET", query=query)) == days


@pytest.mark.parametrize("given", ["0", "91", "-1", "1.5", "x", "", "9" * 5000])
def test_other_days_are_refused(given: str) -> None:
    with pytest.raises(RelayError) as caught:
        selfservice._days(call("GET", query=f"days={given}"))
    assert (caught.value.status, caught.value.param) == (400, "days")
