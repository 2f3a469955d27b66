from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from proxy.configuration.configuration import Breaker
from proxy.configuration.rows import provider_of
from proxy.health import standing
from proxy.health.breaker import HEALTHY, Outcome, after
from proxy.health.health import fingerprint
from proxy.models import Provider

pytestmark = pytest.mark.django_db


def test_the_settings_lead_to_how_each_provider_stands() -> None:
    well = Provider.objects.create(provider_key="well", api_base="https://a.example")
    refusing = Provider.objects.create(provider_key="refusing", api_base="https://b.example")
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
