from __future__ import annotations

import tomllib

import pytest

from proxy.files import differences, export, tables
from proxy.models import Processor, Provider, RelaySettings, Route, RouteProcessor

pytestmark = pytest.mark.django_db


@pytest.fixture
def configured() -> None:
    RelaySettings.objects.update_or_create(pk=1, defaults={"max_failovers": 5, "total_timeout_seconds": 30})
    main = Provider.objects.create(
        provider_key="main",
        api_base="https://a.example",
        api_key="sk-canary-one",
        extra_api_keys="sk-canary-two",
        model_mapping={"gpt-*": "gpt-4o", "x y": {"mapped_model": "z", "max_tokens": 10}},
        provider_params={"headers": {"X-Title": 'line \\ and "two"'}},
        policy={"allowed_methods": ["POST"]},
    )
    spare = Provider.objects.create(provider_key="spare", api_base="https://b.example", priority=1)
    first = Processor.objects.create(name="zz", type="system_prompt", config_value='line\n"two"')
    given = {"user": None, "metadata": {"deep": [{"a": None}]}}
    second = Processor.objects.create(name="aa", type="set_params", additional_config=given)
    route = Route.objects.create(name="chat", path_prefix="/v1/chat", connect_timeout_seconds=2.5)
    route.providers.set([spare, main])
    for position, processor in enumerate((first, second)):
        RouteProcessor.objects.create(route=route, processor=processor, position=position)


@pytest.mark.usefixtures("configured")
def test_what_was_exported_agrees_with_the_database() -> None:
    assert differences(tables.read(export())) == []


@pytest.mark.usefixtures("configured")
def test_the_round_trip_is_identity() -> None:
    written = export()
    for model in (Route, Processor, Provider, RelaySettings):
        model.objects.all().delete()
    for difference in differences(tables.read(written)):
        difference.apply()
    assert export() == written
    assert [step.processor.name for step in Route.objects.get().steps.all()] == ["zz", "aa"]


@pytest.mark.usefixtures("configured")
def test_secrets_stay_behind() -> None:
    assert "canary" not in export()


def test_an_empty_database_exports_its_settings() -> None:
    Provider.objects.all().delete()
    assert list(tomllib.loads(export())) == ["settings"]
