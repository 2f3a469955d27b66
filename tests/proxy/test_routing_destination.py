from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from proxy.access import policy
from proxy.configuration.configuration import Project, Provider, Route, Settings, Snapshot
from proxy.routing.destination import Destination, Question, find
from tests.proxy.lanes import SETTINGS
from tests.proxy.test_routing_catalogue import provider

Told = list[tuple[str, int | None, int, str]]
SHOP = Project("p", "Shop", upstream_key="sk-own", provider_key="p2")


class Shares(dict[int, float]):
    """The health of providers: the less one has, the longer until it is back."""

    def share(self, provider_id: int) -> float:
        return max(self.get(provider_id, 1.0), 0.0)

    def most_hopeful(self, provider_ids: Iterable[int]) -> list[int]:
        return sorted(provider_ids, key=self.__getitem__, reverse=True)


def ask(
    *providers: Provider,
    shares: dict[int, float] | None = None,
    routes: tuple[Route, ...] = (),
    settings: Settings = SETTINGS,
    **question: Any,
) -> Destination:
    snapshot = Snapshot(1, {}, providers, settings, routes)
    asked = Question(**{"model": "m"} | question)
    return find(asked, snapshot, Shares(shares or {}))


def told(found: Destination) -> Told:
    return [
        (line.provider.provider_key, line.tier, round(line.share * 100), line.reason) for line in found.lines
    ]


def test_shares_follow_weight_and_health_within_a_tier() -> None:
    several = (provider(1, weight=3), provider(2, weight=1), provider(3, priority=1))
    assert told(ask(*several)) == [("p1", 1, 75, ""), ("p2", 1, 25, ""), ("p3", 2, 100, "")]
    ill = ask(*several, shares={1: 1 / 3, 2: 0})
    assert told(ill) == [("p1", 1, 100, ""), ("p3", 2, 100, ""), ("p2", None, 0, "left_out")]


def test_when_all_are_left_out_they_are_asked_all_the_same() -> None:
    found = ask(provider(1), provider(2), provider(3, weight=0), shares={1: -2, 2: -1})
    assert found.is_last_resort
    assert told(found) == [("p2", 1, 100, ""), ("p1", 2, 100, ""), ("p3", None, 0, "weight")]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("number", [1, 2])
def test_without_any_weight_the_call_is_refused(number: int, path: str) -> None:
    found = ask(*(provider(id, weight=0) for id in range(number)), path=path)
    assert found.refusal is not None and found.refusal.code == "no_provider"
    assert {line.reason for line in found.lines} == {"weight"}


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"weight": 0}, "weight"),
        ({"model_mapping": {"n": "x"}}, "model"),
        ({"endpoints": ("embeddings",)}, "endpoint"),
        ({"supports_streaming": False}, "stream"),
        ({"error": "The key is unreadable."}, "unusable"),
        ({"policy": policy.parse({"allowed_methods": ["GET"]})}, "policy"),
    ],
)
def test_who_is_not_asked_and_why(differs: dict[str, Any], reason: str) -> None:
    found = ask(
        provider(1),
        provider(2, **{"mapping": differs.pop("model_mapping", None), **differs}),
        is_streaming=True,
    )
    assert told(found)[1] == ("p2", None, 0, reason)
    assert ("unreadable" in found.lines[1].words) is (reason == "unusable")


def test_one_that_could_is_not_asked_where_another_is_at_home() -> None:
    found = ask(provider(1), provider(2, provider_type="anthropic"), path="/v1/messages")
    assert told(found)[-1] == ("p1", None, 0, "not_at_home")


def test_the_rule_that_decides_is_named() -> None:
    found = ask(provider(1, {"gpt-*": "openai/gpt-*", "*": "*"}), model="gpt-4o")
    assert (found.lines[0].model, found.lines[0].rule) == ("openai/gpt-4o", "gpt-*")
    assert ask(provider(1), model="gpt-4o").lines[0].rule == ""


def test_a_route_narrows_and_its_prefix_stands_for_v1() -> None:
    route = Route("team", "/team", frozenset({2}))
    found = ask(provider(1), provider(2), routes=(route,), path="/team/chat/completions")
    assert found.route is route
    assert told(found) == [("p2", 1, 100, ""), ("p1", None, 0, "not_of_the_route")]


@pytest.mark.parametrize("path", ["/team/chat/completions", "/team/v1/chat/completions"])
def test_the_base_url_of_an_sdk_may_end_in_v1_behind_a_prefix(path: str) -> None:
    only_chat = provider(2, endpoints=("chat/completions",))
    found = ask(provider(1), only_chat, routes=(Route("team", "/team", frozenset({2})),), path=path)
    assert told(found)[0] == ("p2", 1, 100, "")


def test_a_refusal_says_what_the_caller_would_read() -> None:
    found = ask(provider(1, {"n": "x"}))
    assert found.refusal and found.refusal.code == "model_not_found"
    assert told(found) == [("p1", None, 0, "model")]


def test_what_a_project_may_not_is_refused_before_anybody_is_asked() -> None:
    limited = Project("p", "Shop", allowed_models=("other",))
    assert ask(provider(1), project=limited).refusal.code == "model_not_allowed"
    assert ask(provider(1), project=replace(limited, is_active=False)).refusal.code == "project_inactive"


def test_a_projects_own_key_decides() -> None:
    found = ask(provider(1), provider(2), project=SHOP)
    assert found.own_key
    assert told(found) == [("p2", 1, 100, ""), ("p1", None, 0, "own_key")]
    shared = ask(provider(1), provider(2), project=replace(SHOP, allow_shared_providers=True))
    assert told(shared) == [("p2", 1, 100, ""), ("p1", 2, 100, "")]


def test_the_policy_of_its_provider_refuses_a_projects_own_key_too() -> None:
    limited = provider(2, policy=policy.parse({"allowed_methods": ["GET"]}))
    refused = ask(provider(1), limited, project=SHOP).refusal
    assert refused is not None and refused.code == "method_not_allowed"


def test_what_an_own_key_makes_is_kept_by_its_provider_alone() -> None:
    sharing = replace(SHOP, allow_shared_providers=True)
    found = ask(provider(1), provider(2), project=sharing, path="/v1/responses")
    assert told(found) == [("p2", 1, 100, ""), ("p1", None, 0, "own_key")]


def test_what_a_call_makes_is_kept_at_one_home() -> None:
    several = (provider(1), provider(2))
    kept_by = ask(*several, path="/v1/responses").kept_by
    assert kept_by in ("p1", "p2")
    assert ask(*several).kept_by == ""


def test_the_default_model_is_asked_for_where_none_is_named() -> None:
    found = ask(provider(1), model="", settings=replace(SETTINGS, default_model="gpt-5"))
    assert found.model == "gpt-5"
