from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Project, TokenQuota, WitheringToken
from logs_app.metrics import Sample
from logs_app.models import ModelPrice, Subscriber
from proxy.models import Provider, RelaySettings
from relay.metrics import state

pytestmark = pytest.mark.django_db


def named(name: str) -> dict[tuple[str, ...], float]:
    found: list[Sample] = [sample for sample in state.stored() if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in found}


def test_tokens_are_counted_by_what_became_of_them() -> None:
    project = Project.objects.create(name="team")
    given = [{}, {"is_active": False}, {"expires_at": timezone.now() - timedelta(1)}, {"max_requests": 5}]
    made = [
        WitheringToken.objects.create(project=project, digest=bytes([number]) * 32, prefix="sk", **fields)
        for number, fields in enumerate(given)
    ]
    TokenQuota.objects.create(token_id=made[3].pk, used=5)
    counts = named("llm_proxy_access_tokens")
    assert counts == {
        ("revoked",): 1, ("expired",): 1, ("used_up",): 1, ("active",): 1, ("soon",): 0,
        ("project_inactive",): 0,
    }  # fmt: skip


def test_a_provider_that_is_off_has_no_weight() -> None:
    Provider.objects.all().delete()
    Provider.objects.create(provider_key="on", api_base="https://a.test", api_key="sk-1", weight=3)
    Provider.objects.create(provider_key="off", api_base="https://b.test", weight=3, is_enabled=False)
    assert named("llm_proxy_provider_health") == {("on",): 1, ("off",): 0}
    assert named("llm_proxy_provider_effective_weight") == {("on",): 3, ("off",): 0}
    states = named("llm_proxy_provider_circuit_state")
    assert (states["on", "healthy"], states["on", "open"], states["off", "disabled"]) == (1, 0, 1)


def test_a_provider_without_its_key_is_not_called_healthy() -> None:
    Provider.objects.all().delete()
    Provider.objects.create(provider_key="bare", api_base="https://a.test", api_key_env="NOBODY_SET_THIS")
    assert named("llm_proxy_provider_health") == {("bare",): 0}
    assert named("llm_proxy_provider_effective_weight") == {("bare",): 0}
    assert named("llm_proxy_provider_circuit_state")["bare", "unusable"] == 1


def test_models_are_known_by_mapping_price_and_default() -> None:
    RelaySettings.objects.update_or_create(pk=1, defaults={"default_model": "house-model"})
    Provider.objects.create(provider_key="one", api_base="https://a.test", model_mapping={"alias": "real"})
    ModelPrice.objects.create(model="priced", valid_from=timezone.now())
    assert {"house-model", "alias", "priced"} <= state.configured_models()


def test_a_subscriber_says_how_it_fares() -> None:
    Subscriber.objects.create(name="lunary", delivered=7, retried=2)
    assert named("llm_proxy_dispatcher_events_total") == {
        ("lunary", "delivered"): 7,
        ("lunary", "retried"): 2,
        ("lunary", "dead"): 0,
        ("lunary", "lost"): 0,
    }
    assert named("llm_proxy_dispatcher_up") == {("lunary",): 0}
    assert named("llm_proxy_dispatcher_lag") == {("lunary",): 0}
