"""Bytes under FIELD_ENCRYPTION_KEYS that lie outside the database: encrypted, and bound to their place."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ID_BYTES, NONCE_BYTES, KEY_BYTES, TAG_BYTES = 8, 12, 32, 16
# How much longer than what it holds a sealed value is.
ADDED_BYTES = ID_BYTES + NONCE_BYTES + TAG_BYTES


class Seal:
    """The newest key seals, every one of them opens; the keys of one purpose open nothing of another."""

    def __init__(self, secrets_newest_first: Iterable[str], purpose: bytes) -> None:
        derived = [_derive(secret, purpose) for secret in secrets_newest_first]
        if not derived:
            raise ValueError("a seal needs at least one encryption key")
        self._newest = derived[0]
        self._by_id = dict(reversed(derived))

    def close(self, clear: bytes, place: bytes) -> bytes:
        """What is moved to another place does not open there."""
        key_id, cipher = self._newest
        nonce = os.urandom(NONCE_BYTES)
        return key_id + nonce + cipher.encrypt(nonce, clear, place)

    def open(self, sealed: bytes, place: bytes) -> bytes | None:
        cipher = self._by_id.get(key_id_of(sealed))
        if cipher is None:
            return None
        nonce, rest = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, rest, place)
        except (InvalidTag, ValueError):
            return None

    def knows(self, key_id: bytes) -> bool:
        return key_id in self._by_id


def key_id_of(sealed: bytes) -> bytes:
    return sealed[:ID_BYTES]


def _derive(secret: str, purpose: bytes) -> tuple[bytes, AESGCM]:
    kdf = HKDF(hashes.SHA256(), ID_BYTES + KEY_BYTES, salt=None, info=purpose)
    material = kdf.derive(secret.encode())
    return material[:ID_BYTES], AESGCM(material[ID_BYTES:])
