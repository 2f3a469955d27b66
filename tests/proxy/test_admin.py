from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.test import Client

from accounts.models import AuditEvent, Project
from proxy.admin.settings import RelaySettingsForm
from proxy.configuration import rows
from proxy.health import Health, Outcome, standing
from proxy.health.table import Table
from proxy.models import Provider, RelaySettings, Route
from proxy.simulator import Simulator
from tests.proxy.test_health import Configured

pytestmark = pytest.mark.django_db

LIST = "/admin/proxy/provider/"
SETTINGS = "/admin/proxy/relaysettings/"
FORM = {
    "provider_key": "default",
    "provider_type": "openai",
    "api_base": "https://a.example",
    "is_enabled": "on",
    "supports_streaming": "on",
    "weight": "1",
    "priority": "0",
}


@pytest.fixture(autouse=True)
def health_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """What is known of providers, for one test only: ids repeat."""
    table = Table(tmp_path)
    monkeypatch.setattr(standing, "table", lambda: table)
    yield table
    table.close()


@pytest.fixture
def provider() -> Provider:
    return Provider.objects.create(
        provider_key="default", api_base="https://a.example", api_key="sk-upstream"
    )


def change(client: Client, provider: Provider, **values: str) -> Any:
    return client.post(f"{LIST}{provider.pk}/change/", FORM | values)


def test_a_provider_is_created_with_its_key(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}add/", FORM | {"new_api_key": "sk-new"}).status_code == 302
    assert Provider.objects.get().api_key == "sk-new"


def test_an_empty_key_field_keeps_the_key(admin_client: Client, provider: Provider) -> None:
    assert change(admin_client, provider, api_base="https://b.example").status_code == 302
    provider.refresh_from_db()
    assert (provider.api_base, provider.api_key) == ("https://b.example", "sk-upstream")


def test_a_new_key_replaces_the_old_one(admin_client: Client, provider: Provider) -> None:
    change(admin_client, provider, new_api_key="sk-new")
    provider.refresh_from_db()
    assert provider.api_key == "sk-new"


def test_a_key_can_be_removed(admin_client: Client, provider: Provider) -> None:
    change(admin_client, provider, remove_api_key="on")
    provider.refresh_from_db()
    assert provider.api_key == ""


def test_list_and_form_say_that_a_key_is_set_and_never_show_it(
    admin_client: Client, provider: Provider
) -> None:
    for url, words in ((LIST, "1 key<"), (f"{LIST}{provider.pk}/change/", "set <code>sk-…</code>")):
        page = admin_client.get(url).content.decode()
        assert words in page
        assert "sk-upstream" not in page


def test_a_refused_form_does_not_repeat_the_key(admin_client: Client, provider: Provider) -> None:
    page = change(admin_client, provider, api_base="nonsense", new_api_key="sk-new").content.decode()
    assert "Write an address such as" in page
    assert "sk-new" not in page


def test_a_provider_with_an_unreadable_key_can_still_be_edited(
    admin_client: Client, provider: Provider, settings: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "unreadable" in admin_client.get(LIST).content.decode()
    assert change(admin_client, provider, new_api_key="sk-again").status_code == 302
    assert Provider.objects.get().api_key == "sk-again"


def test_the_settings_open_without_a_list(admin_client: Client) -> None:
    response = admin_client.get(SETTINGS, follow=True)
    assert response.redirect_chain == [(f"{SETTINGS}1/change/", 302)]
    assert "Seconds until a provider" in response.content.decode()


def test_the_settings_can_be_changed(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    values = SETTINGS_VALUES | {
        "default_model": "gpt-5",
        "connect_timeout_seconds": "5",
        "total_timeout_seconds": "",
        "adaptive_429_threshold": "7",
    }
    assert admin_client.post(f"{SETTINGS}1/change/", values).status_code == 302
    row = RelaySettings.objects.get()
    assert (row.default_model, row.connect_timeout_seconds, row.inject_stream_usage) == ("gpt-5", 5, False)
    assert (row.total_timeout_seconds, row.adaptive_429_threshold) == (None, 7)


# The form as it opens, its switches off.
SETTINGS_VALUES = {
    field.name: str(field.get_default())
    for field in RelaySettings._meta.concrete_fields
    if field.has_default() and not isinstance(field.get_default(), bool | dict) and field.name != "id"
}


def test_everything_of_the_settings_is_in_the_form() -> None:
    columns = {field.name for field in RelaySettings._meta.concrete_fields}
    assert set(RelaySettingsForm.base_fields) == columns - {"id", "updated_at"}


def test_the_policy_of_all_is_kept_and_emptied(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    for given, kept in (('{"allowed_methods": ["GET"]}', {"allowed_methods": ["GET"]}), ("", {})):
        answer = admin_client.post(f"{SETTINGS}1/change/", SETTINGS_VALUES | {"policy": given})
        assert answer.status_code == 302
        assert RelaySettings.objects.get().policy == kept


def test_a_first_rest_beyond_the_longest_is_refused_in_words(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    given = SETTINGS_VALUES | {"adaptive_base_429_cooldown_secs": "301"}
    answer = admin_client.post(f"{SETTINGS}1/change/", given)
    assert "This is more than the longest, 300 seconds." in answer.content.decode()
    assert RelaySettings.objects.get().adaptive_base_429_cooldown_secs == 15


def test_a_policy_that_cannot_be_is_refused_in_words(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    given = SETTINGS_VALUES | {"policy": '{"alowed_origins": []}'}
    answer = admin_client.post(f"{SETTINGS}1/change/", given)
    assert "A policy has no member &#x27;alowed_origins&#x27;" in answer.content.decode()
    assert RelaySettings.objects.get().policy == {}


def test_the_settings_can_be_neither_added_nor_deleted(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    assert admin_client.get(f"{SETTINGS}add/").status_code == 403
    assert admin_client.post(f"{SETTINGS}1/delete/", {"post": "yes"}).status_code == 403


def test_the_settings_are_closed_to_staff_without_the_permission(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("staff", is_staff=True))
    assert client.get(SETTINGS).status_code == 403
    assert not RelaySettings.objects.exists()


def test_no_page_has_inline_scripts_or_styles(admin_client: Client, provider: Provider) -> None:
    for url in (LIST, f"{LIST}add/?preset=groq", f"{LIST}{provider.pk}/change/", SETTINGS):
        page = admin_client.get(url, follow=True)
        assert page.status_code == 200
        assert not re.search(rb"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", page.content)


def test_a_change_is_audited_and_its_key_masked(admin_client: Client, provider: Provider) -> None:
    change(admin_client, provider, api_base="https://b.example", new_api_key="sk-new-and-secret")
    found = AuditEvent.objects.get(action="provider.update")
    assert json.loads(found.before)["api_base"] == "https://a.example"
    assert json.loads(found.after) == {"api_base": "https://b.example", "new_api_key": "***"}


def test_a_deletion_is_audited(admin_client: Client, provider: Provider) -> None:
    admin_client.post(f"{LIST}{provider.pk}/delete/", {"post": "yes"})
    assert AuditEvent.objects.get(action="provider.delete").target_name == "default"


def test_everything_of_a_provider_can_be_entered(admin_client: Client, provider: Provider) -> None:
    given = {
        "provider_type": "azure",
        "new_extra_api_keys": "sk-second\n\nsk-third\n",
        "model_mapping": '{"gpt-4o": "deployment"}',
        "endpoints": '["chat/completions"]',
        "provider_params": '{"api_version": "2024-10-21"}',
        "policy": '{"allowed_methods": ["POST"]}',
        "weight": "3",
        "priority": "2",
        "http_max_retries": "1",
    }
    assert change(admin_client, provider, **given).status_code == 302
    row = Provider.objects.get()
    assert (row.extra_api_keys, row.weight, row.priority) == ("sk-second\nsk-third", 3, 2)
    assert row.model_mapping == {"gpt-4o": "deployment"} and row.endpoints == ["chat/completions"]
    emptied = dict.fromkeys(("model_mapping", "endpoints", "provider_params", "policy"), "")
    assert change(admin_client, provider, remove_extra_api_keys="on", **emptied).status_code == 302
    row = Provider.objects.get()
    assert (row.extra_api_keys, row.model_mapping, row.endpoints, row.policy) == ("", {}, [], {})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model_mapping": '{"gpt-(.*": "x"}'}, "gpt-(.*"),
        ({"api_base": "http://169.254.169.254"}, "internal"),
        ({"provider_type": "nobody"}, "There is no type"),
        ({"new_api_key": "sk-...cut"}, "preview of a key"),
        ({"new_extra_api_keys": "sk-good\nsk bad"}, "printable ASCII"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    admin_client: Client, provider: Provider, given: dict[str, str], words: str
) -> None:
    page = change(admin_client, provider, **given).content.decode()
    assert words in page
    assert "sk-good" not in page and "sk-...cut" not in page


def test_a_preset_fills_the_form_in(admin_client: Client) -> None:
    page = admin_client.get(f"{LIST}add/?preset=groq").content.decode()
    assert 'value="groq"' in page and 'value="https://api.groq.com/openai/v1"' in page
    assert 'href="?preset=openai"' in page


def test_a_connection_is_tested_when_it_is_saved(admin_client: Client, provider: Provider) -> None:
    with Simulator(api_key="sk-good") as simulator:
        answer = admin_client.post(
            f"{LIST}{provider.pk}/change/",
            FORM | {"api_base": simulator.base_url, "new_api_key": "sk-good", "_test": "x"},
            follow=True,
        )
        assert "Provider default was saved." in answer.content.decode()
        assert "Provider default: It lists" in answer.content.decode()
        assert answer.redirect_chain == [(f"{LIST}{provider.pk}/change/", 302)]
        added = FORM | {
            "provider_key": "b",
            "api_base": simulator.base_url,
            "_test": "x",
            "new_api_key": "sk-bad",
        }
        page = admin_client.post(f"{LIST}add/", added | {"_test": "x"}, follow=True).content.decode()
    assert "Provider b: It refuses the API key" in page and 'class="error"' in page


def act(client: Client, provider: Provider, action: str) -> str:
    given = {"action": action, "_selected_action": str(provider.pk)}
    return client.post(LIST, given, follow=True).content.decode()


def test_the_state_is_shown_and_reset(admin_client: Client, provider: Provider, health_table: Table) -> None:
    assert "badge-ok" in admin_client.get(LIST).content.decode()
    health = Health(Configured(rows.provider_of(provider)), health_table)
    for _ in range(5):
        health.report(provider.pk, Outcome.SERVER_ERROR, words="HTTP 500")
    for url in (LIST, f"{LIST}{provider.pk}/change/"):
        page = admin_client.get(url).content.decode()
        assert "badge-error" in page and "left out until" in page and "HTTP 500" in page
    assert "They get calls again" in act(admin_client, provider, "reset_state")
    assert "badge-ok" in admin_client.get(LIST).content.decode()
    assert AuditEvent.objects.filter(action="provider.reset").exists()


def test_one_without_a_key_cannot_be_used_unless_a_project_brings_its_own(
    admin_client: Client, provider: Provider
) -> None:
    provider.api_key = ""
    provider.save()
    for url in (LIST, f"{LIST}{provider.pk}/change/"):
        page = admin_client.get(url).content.decode()
        assert "cannot be used" in page and "has no API key" in page
    Project.objects.create(name="shop", provider_key=provider.provider_key, upstream_key="sk-of-the-shop")
    assert "cannot be used" not in admin_client.get(LIST).content.decode()


def test_several_are_tested_from_the_list(admin_client: Client, provider: Provider) -> None:
    Provider.objects.update(api_base="http://127.0.0.1:1")
    assert "Provider default: Nothing listens at 127.0.0.1:1" in act(
        admin_client, provider, "test_connection"
    )


def test_a_provider_that_a_route_needs_is_not_deleted(admin_client: Client, provider: Provider) -> None:
    route = Route.objects.create(name="assistants", path_prefix="/assistants")
    route.providers.add(provider)
    page = admin_client.post(f"{LIST}{provider.pk}/delete/", {"post": "yes"}).content.decode()
    assert "route &#x27;assistants&#x27;" in page
    assert Provider.objects.exists()
