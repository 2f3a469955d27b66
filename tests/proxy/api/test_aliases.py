from __future__ import annotations

import pytest

from logs_app.models import LogSettings
from proxy.models import Provider, RelaySettings
from proxy.simulator import Simulator

V1 = "/admin/v1/providers"
SETTINGS = "/admin/settings"
GIVEN = {
    "provider_key": "openai-primary",
    "provider_type": "openai",
    "api_base": "https://api.openai.com/v1",
    "api_key": "sk-of-the-provider-1",
    "model_mapping": {},
    "weight": 2,
    "provider_params": {},
}


def test_v1_creates_with_the_version_and_without_the_key(api):
    response = api.post(V1, GIVEN)
    assert response.status_code == 201
    shown = response.json()
    expected = {name: value for name, value in GIVEN.items() if name != "api_key"}
    assert shown["provider"] == expected | {"id": Provider.objects.get().pk, "is_enabled": True}
    assert isinstance(shown["version"], int)


def test_v1_lists_newest_first_and_shows_by_id_and_name(api):
    api.post(V1, GIVEN)
    api.post(V1, GIVEN | {"provider_key": "second"})
    shown = api.get(V1).json()
    assert [row["provider_key"] for row in shown["providers"]] == ["second", "openai-primary"]
    assert isinstance(shown["version"], int)
    assert api.get(f"{V1}/second").json() == shown["providers"][0]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_v1_changes_by_id_and_name(api, method):
    created = api.post(V1, GIVEN).json()["provider"]
    for pk in (created["id"], "openai-primary"):
        shown = getattr(api, method)(f"{V1}/{pk}", {"weight": 5, "is_enabled": False}).json()
        assert (shown["status"], shown["provider"]["weight"], shown["provider"]["is_enabled"]) == (
            "updated",
            5,
            False,
        )


def test_v1_deletes_and_refuses_what_is_there_already(api):
    created = api.post(V1, GIVEN).json()["provider"]
    assert api.post(V1, GIVEN).status_code == 409
    assert [api.delete(f"{V1}/{created['id']}").status_code for _ in range(2)] == [204, 204]


def test_the_first_provider_and_the_settings_are_one_form(api):
    empty = api.get(SETTINGS).json()
    assert (empty["target_base_url"], empty["target_api_key_set"]) == ("", False)
    given = {
        "target_base_url": "https://a.example",
        "target_api_key": "sk-of-the-provider-1",
        "default_model": "gpt-5",
        "http_timeout_seconds": 30,
        "http_max_retries": 2,
        "redact_logs": True,
    }
    shown = api.put(SETTINGS, given).json()
    del given["target_api_key"]
    assert shown == given | {"proxy_base_url": "", "target_api_key_set": True}
    assert api.get(SETTINGS).json() == shown
    assert LogSettings.objects.get().redact_logs
    row, provider = RelaySettings.objects.get(), Provider.objects.get()
    assert (row.first_byte_timeout_seconds, row.idle_timeout_seconds, row.http_max_retries) == (30, 30, 2)
    assert (provider.provider_key, provider.api_base, provider.api_key) == (
        "default",
        "https://a.example",
        "sk-of-the-provider-1",
    )
    assert (
        api.put(SETTINGS, {"target_base_url": "https://b.example"}).json()["target_base_url"]
        == "https://b.example"
    )


@pytest.mark.parametrize("given", [{"target_base_url": "nowhere"}, {"http_timeout_seconds": 0}])
def test_what_the_one_form_refuses_is_named_as_it_was_given(api, given):
    response = api.put(SETTINGS, given)
    assert (response.status_code, response.json()["error"]["param"]) == (400, next(iter(given)))
    assert not Provider.objects.exists()


def test_nobody_else_may(anonymous, session):
    assert {anonymous.get(path).status_code for path in (V1, SETTINGS)} == {401}
    assert session("view_relaysettings").put(SETTINGS, {}).status_code == 403


def test_v1_asks_a_provider_how_it_is(api):
    with Simulator() as simulator:
        mapping = {"a": "gpt-4o", "b": "nobody-1"}
        created = api.post(V1, GIVEN | {"api_base": simulator.base_url, "model_mapping": mapping}).json()[
            "provider"
        ]
        shown = api.post(f"{V1}/{created['id']}/health").json()
    assert (shown["provider_key"], shown["status"]) == ("openai-primary", "healthy")
    assert {row["model"]: row["status"] for row in shown["models"]} == {
        "gpt-4o": "healthy",
        "nobody-1": "unhealthy",
    }
