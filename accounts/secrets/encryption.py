"""Stored secrets under FIELD_ENCRYPTION_KEYS: the newest key encrypts, every one of them decrypts."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class DecryptionError(Exception):
    """A stored value that none of FIELD_ENCRYPTION_KEYS opens."""


def encrypt(clear: str) -> str:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(clear.encode()).decode("ascii")


def decrypt(token: str) -> str:
    try:
        return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token).decode()
    except InvalidToken:
        raise DecryptionError(
            "The stored value cannot be decrypted: the key it was encrypted with is not among "
            "FIELD_ENCRYPTION_KEYS. Add that key to the list: it is the encryption_key in the DATA_DIR of "
            "the relay that stored it, and all nodes of a database need it. If it is lost, enter the value "
            "again."
        ) from None


def is_newest(token: str) -> bool:
    """Whether the newest key encrypted it, so that the others are not needed for it."""
    try:
        _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS[:1])).decrypt(token)
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: no secret can be stored or read.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS holds a value that is no key: each is 32 bytes in URL-safe base64."
        ) from None
