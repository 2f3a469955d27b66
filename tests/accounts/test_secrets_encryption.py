from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from accounts.secrets import encryption

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_was_encrypted_can_be_decrypted(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    token = encryption.encrypt("sk-schlüssel")
    assert "sk-" not in token
    assert encryption.decrypt(token) == "sk-schlüssel"


def test_an_older_key_of_the_list_still_decrypts(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    token = encryption.encrypt("sk-upstream")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert encryption.decrypt(token) == "sk-upstream"


def test_the_first_key_of_the_list_encrypts(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert Fernet(NEW).decrypt(encryption.encrypt("sk-upstream")) == b"sk-upstream"


def test_a_missing_key_is_named_in_words(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    token = encryption.encrypt("sk-upstream")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(encryption.DecryptionError, match="FIELD_ENCRYPTION_KEYS"):
        encryption.decrypt(token)


@pytest.mark.parametrize(("keys", "words"), [([], "is empty"), (["short"], "32 bytes")])
def test_unusable_keys_are_refused_in_words(settings: Any, keys: list[str], words: str) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match=words):
        encryption.encrypt("sk-upstream")
