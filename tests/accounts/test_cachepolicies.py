from __future__ import annotations

from typing import Any

import pytest

from accounts import cachepolicies

WHOLE = {
    "mode": "always", "ttl": 3600, "scope": "shared", "ignore": ["user"], "ignore_headers": ["X-Team"],
    "stale_while_revalidate": 60, "stale_if_error": 86400, "original_pace": True,
}  # fmt: skip


def test_what_can_be_said() -> None:
    for policy in (None, {}, WHOLE, dict.fromkeys(WHOLE)):
        assert cachepolicies.refusal_of(policy) is None


@pytest.mark.parametrize(
    "policy",
    [
        [],
        "always",
        {"mode": "sometimes"},
        {"ttl": 0},
        {"ttl": True},
        {"ttl": "60"},
        {"scope": "world"},
        {"ignore": ["messages"]},
        {"ignore": "user"},
        {"ignore_headers": ["a b"]},
        {"original_pace": 1},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_cannot(policy: Any) -> None:
    refusal = cachepolicies.refusal_of(policy)
    assert refusal and refusal.endswith(".")


def test_a_route_says_nothing_of_sharing() -> None:
    assert cachepolicies.refusal_of_route({"mode": "always", "ttl": 5}) is None
    assert "scope" in (cachepolicies.refusal_of_route({"scope": "shared"}) or "")
