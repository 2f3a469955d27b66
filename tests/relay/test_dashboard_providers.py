from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import Project
from logs_app.statistics.faults import Faults
from proxy.configuration import rows
from proxy.health import standing
from proxy.health.breaker import HEALTHY
from proxy.health.health import fingerprint
from proxy.models import Provider
from relay.dashboard import providers
from relay.dashboard.figures import Found
from relay.dashboard.providers import Health
from tests.logs_app.test_statistics_divisions import overview

pytestmark = pytest.mark.django_db


@pytest.fixture
def well() -> Provider:
    return Provider.objects.create(provider_key="well", api_base="https://a.example", api_key="sk-1")


@pytest.fixture
def refusing() -> Iterator[Provider]:
    row = Provider.objects.create(provider_key="refusing", api_base="https://b.example", api_key="sk-2")
    mark = fingerprint(rows.provider_of(row))
    standing.table().change(row.pk, lambda _: replace(HEALTHY, fingerprint=mark, is_refused=True))
    yield row
    standing.reset(row.pk)


def known(*calls: dict[str, Any], retried: int = 0, of_callers: int = 0) -> Found:
    faults = Faults({"well": of_callers}, {"well": retried} if retried else {})
    return Found(overview(*calls), [], faults, 0.0)


def shown(found: list[Health]) -> list[tuple[str, str]]:
    return [(health.name, health.mood) for health in found]


def test_those_that_need_somebody_come_first(well, refusing):
    Provider.objects.create(provider_key="off", api_base="https://c.example", is_enabled=False)
    found = providers.look(None)
    assert shown(found) == [("refusing", "error"), ("well", "ok"), ("off", "muted")]
    assert "API key" in found[0].words
    counted = providers.counted(found)
    assert (counted["providers_enabled"], counted["providers_well"]) == (2, 1)


def test_one_that_cannot_be_used_says_why(well, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    Provider.objects.update(api_key_env="NO_SUCH_KEY")
    (health,) = providers.look(None)
    assert health.mood == "error" and "NO_SUCH_KEY" in health.words


def test_one_without_a_key_is_well_where_it_needs_none_or_projects_bring_theirs():
    row = Provider.objects.create(provider_key="local", api_base="http://localhost:11434")
    (health,) = providers.look(None)
    assert (health.mood, health.state) == ("error", "cannot be used")
    assert "has no API key" in health.words
    row.provider_params = {"authentication": "none"}
    row.save()
    assert shown(providers.look(None)) == [("local", "ok")]
    Provider.objects.update(provider_params={})
    Project.objects.create(name="shop", provider_key="local", upstream_key="sk-of-the-shop")
    assert shown(providers.look(None)) == [("local", "ok")]


def test_their_calls_are_summed_up(well):
    calls = {"provider": "well", "latency_ms": 100.0, "count": 3}
    (health,) = providers.look(known(calls, {"provider": "well", "outcome": "failed"}, {"model": "m"}))
    assert (health.requests, health.errors) == ("4", "25.0 %")
    assert health.latency.endswith(" ms")


def test_errors_are_those_of_the_provider_also_when_others_made_up_for_them(well):
    calls = {"provider": "well", "count": 6}, {"provider": "well", "outcome": "failed", "count": 2}
    (health,) = providers.look(known(*calls, of_callers=2))
    assert (health.errors, health.retried) == ("0 %", "")
    (health,) = providers.look(known(*calls, of_callers=1, retried=2))
    assert (health.requests, health.errors, health.retried) == ("8", "30.0 %", "2 retried")
    (health,) = providers.look(known(retried=5))
    assert (health.requests, health.errors, health.latency) == ("0", "100 %", "–")


def test_one_without_calls_has_no_figures(well):
    (health,) = providers.look(known())
    assert (health.requests, health.latency) == ("–", "–")
