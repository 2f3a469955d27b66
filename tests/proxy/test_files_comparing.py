from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from proxy.files import Plan, differences
from proxy.models import Processor, Provider, RelaySettings, Route

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider() -> Provider:
    RelaySettings.objects.get_or_create(pk=1)
    return Provider.objects.create(
        provider_key="a", api_base="https://a.example", api_key="sk-canary", weight=1
    )


def lines(**given: Any) -> list[str]:
    return [difference.line for difference in differences(Plan(**given))]


def apply(**given: Any) -> None:
    for difference in differences(Plan(**given)):
        difference.apply()


def test_a_line_tells_what_changes() -> None:
    assert lines(providers={"a": {"weight": 3, "api_base": "https://a.example"}}) == [
        "provider a: weight 1 → 3"
    ]
    assert lines(settings={"max_failovers": 9}) == ["settings: max_failovers 2 → 9"]
    assert lines(providers={"b": {"api_base": "https://b.example"}}) == ["provider b is new"]


def test_a_secret_is_named_and_not_shown() -> None:
    found = lines(providers={"a": {"api_key": "sk-canary-new"}})
    assert found == ["provider a: api_key differs"]


def test_applied_twice_it_changes_nothing_more(provider: Provider) -> None:
    wanted: dict[str, Any] = {
        "providers": {"a": {"weight": 3}, "b": {"api_base": "https://b.example"}},
        "processors": {"log": {"type": "logger"}},
        "routes": {"r": {"path_prefix": "/v1/chat", "providers": ["b", "a"], "processors": ["log", "log"]}},
    }
    apply(**wanted)
    assert lines(**wanted) == []
    route = Route.objects.get(name="r")
    assert [step.processor.name for step in route.steps.all()] == ["log", "log"]
    provider.refresh_from_db()
    assert (provider.weight, provider.api_key) == (3, "sk-canary")


def test_the_order_of_processors_counts() -> None:
    for name in ("x", "y"):
        Processor.objects.create(name=name, type="logger")
    apply(routes={"r": {"path_prefix": "/v1/chat", "processors": ["y", "x"]}})
    assert lines(routes={"r": {"processors": ["x", "y"]}}) == ["route r: processors ['y', 'x'] → ['x', 'y']"]


def test_a_route_to_nowhere_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="Route r names the provider nobody: there is none."):
        apply(routes={"r": {"path_prefix": "/v1/chat", "providers": ["nobody"]}})


def test_a_bad_value_is_refused_in_words() -> None:
    with pytest.raises(ImproperlyConfigured, match="weight"):
        apply(providers={"a": {"weight": "heavy"}})
