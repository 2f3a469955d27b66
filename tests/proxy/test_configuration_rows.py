from __future__ import annotations

import pytest

from proxy.configuration import rows
from proxy.models import OnError, Processor, Provider, RelaySettings, Route, RouteProcessor
from proxy.request.endpoints import find

pytestmark = pytest.mark.django_db


def provider(**columns: object) -> Provider:
    return Provider(pk=1, provider_key="a", api_base="https://a.example", **columns)


def test_keys_are_the_first_and_the_further_ones() -> None:
    found = rows.provider_of(provider(api_key="one", extra_api_keys="two\n\n three \n"))
    assert (found.api_key, found.extra_api_keys, found.error) == ("one", ("two", "three"), None)


def test_a_key_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    row = provider(api_key="kept", api_key_env="SOME_PROVIDER_KEY")
    monkeypatch.setenv("SOME_PROVIDER_KEY", "from-outside")
    assert rows.provider_of(row).api_key == "from-outside"
    monkeypatch.delenv("SOME_PROVIDER_KEY")
    found = rows.provider_of(row)
    assert found.error == "The variable SOME_PROVIDER_KEY with its API key is not set."


def test_a_route_has_its_enabled_processors_in_order() -> None:
    route = Route.objects.create(name="r", path_prefix="/v1/chat")
    for position, name in ((2, "last"), (1, "first"), (3, "off")):
        step = Processor.objects.create(name=name, type="logger", is_enabled=name != "off")
        RouteProcessor.objects.create(route=route, processor=step, position=position)
    assert [processor.name for processor in rows.route_of(route).processors] == ["first", "last"]


def test_a_processor_may_be_skipped() -> None:
    assert rows.processor_of(Processor(name="a", type="logger", on_error=OnError.SKIP)).skips_on_error
    assert not rows.processor_of(Processor(name="a", type="logger")).skips_on_error


def test_the_longest_prefix_comes_first() -> None:
    for prefix in ("/v1", "/v1/chat/completions", "/v1/chat"):
        Route.objects.create(name=prefix.replace("/", "-").strip("-"), path_prefix=prefix)
    found = rows.routing_of(1, {}, "default").routes
    assert [route.path_prefix for route in found] == ["/v1/chat/completions", "/v1/chat", "/v1"]


def test_settings_default_to_those_of_the_values() -> None:
    found = rows.settings_of(RelaySettings())
    assert found.breaker == rows.Breaker()
    assert (found.max_failovers, found.http_max_retries, found.chooses_randomly) == (2, 0, False)


def test_a_provider_at_an_internal_address_is_loaded_and_not_used() -> None:
    row = Provider(pk=1, provider_key="a", api_base="http://169.254.169.254", api_key="k")
    assert "metadata service" in str(rows.provider_of(row).error)
    row.allow_internal_address = True
    assert rows.provider_of(row).error is None
    assert rows.provider_of(row).allows_internal_address


def test_endpoints_are_brought_into_one_form() -> None:
    row = provider(endpoints=["/v1/chat/completions", "embeddings/"])
    assert rows.provider_of(row).endpoints == ("chat/completions", "embeddings")


def test_the_index_is_built_where_the_rows_are_read() -> None:
    provider().save()
    found = rows.routing_of(1, {}, "default")
    assert found._catalogue is found.catalogue
    assert [candidate.model for candidate in found.catalogue.candidates("m", find("/v1/models"))] == []
