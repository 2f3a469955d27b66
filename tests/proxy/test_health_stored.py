from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Project
from proxy.configuration.configuration import Breaker
from proxy.configuration.rows import provider_of
from proxy.health import standing, stored
from proxy.health.breaker import HEALTHY, Outcome, after
from proxy.health.health import fingerprint
from proxy.models import Provider

pytestmark = pytest.mark.django_db


def test_the_settings_lead_to_how_each_provider_stands() -> None:
    well = Provider.objects.create(provider_key="well", api_base="https://a.example", api_key="sk-1")
    refusing = Provider.objects.create(provider_key="refusing", api_base="https://b.example", api_key="sk-2")
    Provider.objects.create(provider_key="off", api_base="https://c.example", is_enabled=False)

    known = replace(HEALTHY, fingerprint=fingerprint(provider_of(refusing)))
    refused = after(known, Outcome.AUTH, 1_000_000.0, Breaker())
    standing.table().change(refusing.pk, lambda state: refused)
    try:
        found = import_string(settings.PROVIDER_STANDING_READER)()
    finally:
        standing.reset(refusing.pk)
    assert found[well.provider_key] == ("healthy", "It is well.")
    assert found["refusing"][0] == "refused"
    assert "off" not in found


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Provider 'bare' has no API key."),
        ({"api_key_env": "NOBODY_SET_THIS"}, "NOBODY_SET_THIS with its API key is not set"),
        ({"api_key": "sk-1", "provider_type": "nowhere.Type"}, "nowhere"),
        ({"api_key": "sk-1", "api_base": "http://169.254.169.254"}, "169.254.169.254"),
    ],
)
def test_one_that_cannot_be_used_says_why(fields: dict[str, str], words: str) -> None:
    row = Provider.objects.create(**{"provider_key": "bare", "api_base": "https://a.example"} | fields)
    (found,) = stored.of([row])
    assert (found.status, found.share, words in found.words) == ("unusable", 0, True)


def test_projects_may_bring_the_keys_of_a_provider_without_one() -> None:
    row = Provider.objects.create(provider_key="bare", api_base="https://a.example")
    Project.objects.create(name="shop", provider_key="bare", upstream_key="sk-of-the-shop")
    assert [found.status for found in stored.of([row])] == ["healthy"]
    row.provider_type = "nowhere.Type"
    assert [found.status for found in stored.of([row])] == ["unusable"]


def test_one_without_weight_is_no_fault_of_which_metrics_and_alerts_tell() -> None:
    row = Provider.objects.create(provider_key="idle", api_base="https://a.example", api_key="sk-1", weight=0)
    (found,) = stored.of([row])
    assert (found.status, found.share) == ("healthy", 1)
