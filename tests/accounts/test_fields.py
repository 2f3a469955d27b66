from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection

from accounts.fields import EncryptedTextField
from accounts.secrets.encryption import DecryptionError
from proxy.models import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    return Provider.objects.create(
        provider_key="default", api_base="https://a.example", api_key="sk-upstream"
    )


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM proxy_provider")
        return cursor.fetchone()[0]


def lose_the_key(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]


def test_the_column_holds_no_clear_text(provider: Provider) -> None:
    assert "sk-upstream" not in stored()
    assert len(stored()) > 50


def test_the_attribute_is_clear_text(provider: Provider) -> None:
    assert provider.api_key == "sk-upstream"
    assert Provider.objects.get().api_key == "sk-upstream"
    assert Provider.objects.defer("api_key").get().api_key == "sk-upstream"


def test_a_refreshed_row_is_clear_text(provider: Provider) -> None:
    provider.refresh_from_db()
    assert provider.api_key == "sk-upstream"


def test_an_update_of_the_queryset_encrypts(provider: Provider) -> None:
    Provider.objects.update(api_key="sk-other")
    assert "sk-other" not in stored()
    assert Provider.objects.get().api_key == "sk-other"


def test_an_empty_value_stays_empty(provider: Provider) -> None:
    Provider.objects.update(api_key="")
    assert stored() == ""
    assert Provider.objects.get().api_key == ""


@pytest.mark.parametrize("lookup", ["api_key", "api_key__contains", "api_key__in", "api_key__gt"])
def test_values_cannot_be_compared(lookup: str) -> None:
    with pytest.raises(FieldError):
        Provider.objects.filter(**{lookup: "sk-upstream"})


def test_null_can_be_looked_for(provider: Provider) -> None:
    assert Provider.objects.filter(api_key__isnull=False).count() == 1


def test_lists_of_values_give_the_ciphertext(provider: Provider) -> None:
    assert Provider.objects.values_list("api_key", flat=True).get() == stored()


def test_an_unreadable_value_is_only_an_error_when_it_is_read(provider: Provider, settings: Any) -> None:
    lose_the_key(settings)
    loaded = Provider.objects.get()
    with pytest.raises(DecryptionError):
        loaded.api_key  # noqa: B018


def test_an_unreadable_value_survives_the_edit_of_its_neighbours(provider: Provider, settings: Any) -> None:
    before = stored()
    lose_the_key(settings)
    loaded = Provider.objects.get()
    loaded.api_base = "https://b.example"
    loaded.save()
    assert stored() == before


def test_a_dump_holds_no_clear_text_and_can_be_loaded(provider: Provider) -> None:
    dump = serializers.serialize("json", [provider])
    assert "sk-upstream" not in dump
    provider.delete()
    for row in serializers.deserialize("json", dump):
        row.save()
    assert Provider.objects.get().api_key == "sk-upstream"


def test_migrations_name_the_field() -> None:
    _, path, _, options = EncryptedTextField(blank=True).deconstruct()
    assert (path, options) == ("accounts.fields.EncryptedTextField", {"blank": True})
