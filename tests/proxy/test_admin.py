from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.test import Client

from accounts.models import AuditEvent
from proxy.models import Provider, RelaySettings

pytestmark = pytest.mark.django_db

LIST = "/admin/proxy/provider/"
SETTINGS = "/admin/proxy/relaysettings/"
FORM = {
    "provider_key": "default",
    "provider_type": "openai",
    "api_base": "https://a.example",
    "is_enabled": "on",
}


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
    for url in (LIST, f"{LIST}{provider.pk}/change/"):
        page = admin_client.get(url).content.decode()
        assert re.search(r'class="[^"]*field-key_state', page)
        assert ">set<" in page
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
    values = {
        "default_model": "gpt-5",
        "connect_timeout_seconds": "5",
        "first_byte_timeout_seconds": "60",
        "idle_timeout_seconds": "60",
        "total_timeout_seconds": "",
    }
    assert admin_client.post(f"{SETTINGS}1/change/", values).status_code == 302
    row = RelaySettings.objects.get()
    assert (row.default_model, row.connect_timeout_seconds, row.inject_stream_usage) == ("gpt-5", 5, False)


SETTINGS_VALUES = {f"{name}_timeout_seconds": "5" for name in ("connect", "first_byte", "idle")}


def test_the_policy_of_all_is_kept_and_emptied(admin_client: Client) -> None:
    admin_client.get(SETTINGS)
    for given, kept in (('{"allowed_methods": ["GET"]}', {"allowed_methods": ["GET"]}), ("", {})):
        answer = admin_client.post(f"{SETTINGS}1/change/", SETTINGS_VALUES | {"policy": given})
        assert answer.status_code == 302
        assert RelaySettings.objects.get().policy == kept


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
    for url in (LIST, f"{LIST}add/", f"{LIST}{provider.pk}/change/", SETTINGS):
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
