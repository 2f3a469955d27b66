"""Answers as they lie in Redis: encrypted, and bound to the place where they lie."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_ID_BYTES, _NONCE_BYTES, _KEY_BYTES = 8, 12, 32


class Seal:
    """By keys derived from FIELD_ENCRYPTION_KEYS: the newest seals, every one of them opens."""

    def __init__(self, secrets_newest_first: Iterable[str]) -> None:
        derived = [_derive(secret) for secret in secrets_newest_first]
        self._newest = derived[0]
        self._by_id = dict(reversed(derived))

    def close(self, clear: bytes, place: bytes) -> bytes:
        """What is moved to another place does not open there: nobody's answer becomes somebody else's."""
        key_id, cipher = self._newest
        nonce = os.urandom(_NONCE_BYTES)
        return key_id + nonce + cipher.encrypt(nonce, clear, place)

    def open(self, sealed: bytes, place: bytes) -> bytes | None:
        cipher = self._by_id.get(sealed[:_ID_BYTES])
        if cipher is None:
            return None
        nonce, rest = sealed[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, rest, place)
        except (InvalidTag, ValueError):
            return None


def _derive(secret: str) -> tuple[bytes, AESGCM]:
    material = HKDF(hashes.SHA256(), _ID_BYTES + _KEY_BYTES, salt=None, info=b"llm-relay cache").derive(
        secret.encode()
    )
    return material[:_ID_BYTES], AESGCM(material[_ID_BYTES:])
