from __future__ import annotations

from proxy.cache.policy import NO_POLICY, CachePolicy, combined, parse


def test_what_is_not_said_is_the_default() -> None:
    assert parse({}) is parse(None) is parse({"mode": None}) is NO_POLICY
    assert not NO_POLICY.is_off and not NO_POLICY.is_always and NO_POLICY.shares_within == "project"


def test_a_policy_nobody_understands_keeps_nothing() -> None:
    assert parse({"mode": "sometimes"}).is_off
    assert parse([]).is_off


def test_lists_have_one_spelling() -> None:
    assert parse({"ignore_headers": ["X-B", "x-a", "x-b"]}).ignore_headers == ("x-a", "x-b")


def test_the_route_speaks_first_but_not_of_sharing_or_against_off() -> None:
    project = CachePolicy(mode="always", ttl=60, scope="shared")
    assert combined(project, CachePolicy(ttl=5)) == CachePolicy(mode="always", ttl=5, scope="shared")
    assert combined(project, CachePolicy(mode="opt_in")).mode == "opt_in"
    assert combined(project, CachePolicy(mode="off")).is_off
    assert combined(CachePolicy(mode="off"), CachePolicy(mode="always")).is_off
