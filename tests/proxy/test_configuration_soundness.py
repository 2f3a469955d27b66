from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy.configuration import soundness
from proxy.configuration.configuration import Breaker, Processor, Provider, Route, Snapshot
from proxy.configuration.rows import settings_of
from proxy.models import RelaySettings


def snapshot(*providers: Provider, routes: tuple[Route, ...] = (), **settings: Any) -> Snapshot:
    return Snapshot(1, {}, providers, replace(settings_of(RelaySettings()), **settings), routes)


def provider(**given: Any) -> Provider:
    names = {"provider_key": "a", "provider_type": "openai", "api_base": "https://a.example"}
    return Provider(**{"id": 1, "api_key": "k", **names} | given)


def test_a_sound_configuration_says_nothing() -> None:
    route = Route("r", "/v1/chat", frozenset({1}), (Processor("p", "logger"),))
    assert soundness.problems(snapshot(provider(), routes=(route,), default_model="gpt-4o")) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "No provider is enabled"),
        ({"api_key": ""}, "'a' has no API key"),
        ({"provider_type": "nothing.there"}, "nothing.there"),
        ({"model_mapping": {"a|(": "x"}}, "'a'"),
        ({"error": "The variable X with its API key is not set."}, "The variable X"),
    ],
)
def test_providers_that_can_take_no_call(given: dict[str, Any], words: str) -> None:
    (problem,) = soundness.problems(snapshot(*([provider(**given)] if given else [])))
    assert words in problem


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (Route("r", "/v1/chat", frozenset({7})), "Route r leads only to providers that are switched off."),
        (Route("r", "/a", allow_streaming=False, allow_non_streaming=False), "Route r allows neither"),
        (Route("r", "/a", processors=(Processor("p", "magic"),)), "Processor p of route r"),
    ],
)
def test_routes_that_lead_nowhere(route: Route, words: str) -> None:
    (problem,) = soundness.problems(snapshot(provider(), routes=(route,)))
    assert words in problem


def test_a_default_model_that_nobody_serves() -> None:
    (problem,) = soundness.problems(snapshot(provider(model_mapping={"a": "a"}), default_model="b"))
    assert problem == "The default model b is served by no provider that can be used."


def test_rests_that_are_longer_than_the_longest() -> None:
    breaker = Breaker(base_open_duration_seconds=60, max_open_duration_seconds=30)
    (problem,) = soundness.problems(snapshot(provider(), breaker=breaker))
    assert "(open, 60 s) is longer than its longest, 30 s" in problem
