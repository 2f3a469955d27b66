from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from proxy.configuration import provisioning
from proxy.models import Provider, RelaySettings
from relay.environment.routing_variables import ROUTING
from relay.environment.variable import Variable

pytestmark = pytest.mark.django_db


def lines(**given: Any) -> list[str]:
    return [found.line for found in provisioning.differences(given)]


def apply(**given: Any) -> None:
    for found in provisioning.differences(given):
        found.apply()


def test_the_first_provider_is_made_from_address_and_key() -> None:
    provisioning.ensure_provider("https://api.openai.com", "sk-upstream")
    provider = Provider.objects.get()
    assert (provider.provider_key, provider.api_base, provider.api_key) == (
        "default",
        "https://api.openai.com",
        "sk-upstream",
    )


def test_the_first_provider_is_made_without_a_key_too() -> None:
    assert provisioning.ensure_provider("https://api.openai.com", "").api_key_state == "not_set"


def test_a_database_with_a_provider_gets_no_other() -> None:
    provisioning.ensure_provider("https://api.openai.com", "")
    assert provisioning.ensure_provider("https://other.example", "") is None
    assert Provider.objects.get().api_base == "https://api.openai.com"


def test_an_unusable_address_is_refused_in_words() -> None:
    with pytest.raises(
        ImproperlyConfigured, match="The provider cannot be saved. api_base: Credentials do not"
    ):
        provisioning.ensure_provider("https://user:password@api.openai.com", "")


def test_the_first_settings_take_the_given_values_and_defaults_for_the_rest() -> None:
    provisioning.ensure_settings({"DEFAULT_MODEL": "gpt-5", "INJECT_STREAM_USAGE": False})
    row = RelaySettings.objects.get()
    assert (row.default_model, row.inject_stream_usage, row.idle_timeout_seconds) == ("gpt-5", False, 600)


def test_stored_settings_are_not_touched() -> None:
    provisioning.ensure_settings({})
    assert provisioning.ensure_settings({"DEFAULT_MODEL": "gpt-5"}) is None
    assert RelaySettings.objects.get().default_model == ""


def test_only_variables_that_are_set_count_as_given(settings: Any) -> None:
    settings.GIVEN_VARIABLES = frozenset({"DEFAULT_MODEL", "WORKERS"})
    settings.DEFAULT_MODEL = "gpt-5"
    assert provisioning.given_values() == {"DEFAULT_MODEL": "gpt-5"}


def test_the_common_timeout_gives_the_two_it_stands_for(settings: Any) -> None:
    settings.GIVEN_VARIABLES = frozenset({"HTTP_TIMEOUT_SECONDS"})
    settings.FIRST_BYTE_TIMEOUT_SECONDS = settings.IDLE_TIMEOUT_SECONDS = 30.0
    assert provisioning.given_values() == {"FIRST_BYTE_TIMEOUT_SECONDS": 30.0, "IDLE_TIMEOUT_SECONDS": 30.0}


def test_what_was_provisioned_does_not_differ() -> None:
    provisioning.ensure_provider("https://api.openai.com", "sk-upstream")
    provisioning.ensure_settings({"DEFAULT_MODEL": "gpt-5"})
    given = {"TARGET_BASE_URL": "https://api.openai.com/", "TARGET_API_KEY": "sk-upstream"}
    assert lines(**given, DEFAULT_MODEL="gpt-5") == []


def test_a_different_provider_key_is_told_by_name_only_and_applied() -> None:
    provisioning.ensure_provider("https://api.openai.com", "sk-upstream")
    assert lines(TARGET_API_KEY="sk-new") == [
        "TARGET_API_KEY differs from the stored key of provider default"
    ]
    apply(TARGET_API_KEY="sk-new")
    assert Provider.objects.get().api_key == "sk-new"


def test_a_different_address_is_told_and_applied() -> None:
    provisioning.ensure_provider("https://api.openai.com", "sk-upstream")
    given = {"TARGET_BASE_URL": "https://other.example"}
    assert lines(**given) == [
        "TARGET_BASE_URL differs from the address of provider default (https://api.openai.com)"
    ]
    apply(**given)
    provider = Provider.objects.get()
    assert (provider.api_base, provider.api_key) == ("https://other.example", "sk-upstream")


def test_an_unreadable_key_differs_and_is_replaced_with_the_address(settings: Any) -> None:
    provisioning.ensure_provider("https://api.openai.com", "sk-upstream")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    apply(TARGET_BASE_URL="https://other.example", TARGET_API_KEY="sk-new")
    provider = Provider.objects.get()
    assert (provider.api_base, provider.api_key) == ("https://other.example", "sk-new")


def test_a_missing_provider_is_created() -> None:
    assert lines(TARGET_API_KEY="sk-new") == ["TARGET_* are set, but there is no provider default"]
    apply(TARGET_API_KEY="sk-new")
    provider = Provider.objects.get()
    assert (provider.api_base, provider.api_key) == ("https://api.openai.com", "sk-new")


def test_each_setting_that_differs_has_a_line_and_is_applied() -> None:
    provisioning.ensure_settings({})
    given = {"DEFAULT_MODEL": "gpt-5", "TOTAL_TIMEOUT_SECONDS": 90.0}
    assert lines(**given) == [
        "DEFAULT_MODEL is 'gpt-5', but '' in the database",
        "TOTAL_TIMEOUT_SECONDS is 90.0, but None in the database",
    ]
    apply(**given)
    row = RelaySettings.objects.get()
    assert (row.default_model, row.total_timeout_seconds, row.idle_timeout_seconds) == ("gpt-5", 90, 600)


def test_reminders_name_the_command(settings: Any) -> None:
    provisioning.ensure_provider("https://api.openai.com", "")
    settings.GIVEN_VARIABLES = frozenset({"TARGET_API_KEY"})
    settings.TARGET_API_KEY = "sk-new"
    assert provisioning.reminders() == [
        "TARGET_API_KEY differs from the stored key of provider default; run manage.py sync_config"
    ]


@pytest.mark.parametrize("variable", ROUTING, ids=lambda variable: variable.name)
def test_a_routing_variable_defaults_to_what_its_column_does(variable: Variable) -> None:
    assert RelaySettings._meta.get_field(variable.name.lower()).get_default() == variable.default
