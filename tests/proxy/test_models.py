from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from proxy.models import Provider, RelaySettings

pytestmark = pytest.mark.django_db


def provider(**values: Any) -> Provider:
    return Provider(**{"provider_key": "default", "api_base": "https://api.openai.com"} | values)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com",
        "https://api.openai.com/v1/",
        "http://127.0.0.1:11434",
        "http://[::1]:8000/v1",
        "http://my_service:80",
    ],
)
def test_http_addresses_are_accepted(address: str) -> None:
    provider(api_base=address).full_clean()


@pytest.mark.parametrize(
    "address",
    [
        "api.openai.com",
        "ftp://api.openai.com",
        "https://",
        "https://user:password@api.openai.com",
        "https://key@api.openai.com",
        "https://api.openai.com:port",
        "https://api.openai.com/v1?key=1",
        "https://api.openai.com/#v1",
        "https://api.openai.com/v 1",
        "https://api.openai.com\r\nx: y",
        "https://[::1",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        provider(api_base=address).full_clean()
    assert list(refusal.value.message_dict) == ["api_base"]


@pytest.mark.parametrize("name", ["default", "azure-eu.1", "2nd", "A_b"])
def test_provider_names_for_addresses_are_accepted(name: str) -> None:
    provider(provider_key=name).full_clean()


@pytest.mark.parametrize("name", ["", "17", "a b", "a/b", "-a", "ü", "a\n"])
def test_other_provider_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        provider(provider_key=name).full_clean()
    assert list(refusal.value.message_dict) == ["provider_key"]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_time_limit_that_is_not_positive_is_refused(seconds: float) -> None:
    for row in (provider(idle_timeout_seconds=seconds), RelaySettings(idle_timeout_seconds=seconds)):
        with pytest.raises(ValidationError) as refusal:
            row.full_clean()
        assert "idle_timeout_seconds" in refusal.value.message_dict


def test_the_database_refuses_such_a_time_limit_too() -> None:
    provider().save()
    with pytest.raises(IntegrityError):
        Provider.objects.update(idle_timeout_seconds=0)


def test_there_is_one_row_of_settings() -> None:
    RelaySettings().save()
    with pytest.raises(IntegrityError):
        RelaySettings(pk=2).save()


def test_the_default_settings_are_valid() -> None:
    RelaySettings().full_clean()


def test_the_state_of_a_provider_key_is_known_without_showing_it(settings: Any) -> None:
    assert provider().api_key_state == "not_set"
    provider(api_key="sk-upstream").save()
    assert Provider.objects.get().api_key_state == "set"
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert Provider.objects.get().api_key_state == "unreadable"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model_mapping": {"(?=x)": "y"}}, "regular expression"),
        ({"model_mapping": []}, "object"),
        ({"endpoints": "chat"}, "list"),
        ({"endpoints": ["chat", "a b"]}, "'a b' is no endpoint"),
        ({"provider_type": "nobody"}, "no type"),
        ({"provider_type": "azure", "provider_params": {"api_version": 1}}, "api_version"),
        ({"api_base": "http://169.254.169.254"}, "metadata service"),
        ({"api_key_env": "NOT A NAME"}, "no name of a variable"),
        ({"api_key_env": "FIELD_ENCRYPTION_KEYS"}, "secret of the relay"),
        ({"api_key_env": "ADMIN_PASSWORD_FILE"}, "secret of the relay"),
    ],
)
def test_a_provider_that_cannot_work_is_refused_in_words(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        provider(**values).full_clean()
    ((field, (message,)),) = refusal.value.message_dict.items()
    assert field in values
    assert words in message


@pytest.mark.django_db
def test_a_provider_may_have_much_to_say() -> None:
    provider(
        provider_type="azure",
        api_base="http://169.254.0.1",
        allow_internal_address=True,
        provider_params={"api_version": "2024-10-21", "headers": {"x-a": "b"}},
        endpoints=["chat/completions", "/v1/embeddings", "files/*", "responses/{id}"],
        model_mapping={"a": {"mapped_model": "b", "max_tokens": 1}},
        api_key_env="AZURE_KEY",
    ).full_clean()
