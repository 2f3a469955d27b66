"""Secrets nobody set: generated once, kept in DATA_DIR, read by every process of the machine."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MANAGEMENT_TOKEN = "management_token"


def ensure_folder(folder: Path) -> None:
    """Only a folder made here is closed to others: an existing one keeps the mode its owner chose."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_or_create(folder: Path, name: str, generate: Callable[[], str]) -> str:
    """Whoever links first wins and everybody reads the winner, so several first processes agree."""
    try:
        if not (folder / name).exists():
            ensure_folder(folder)
            _create(folder, name, generate())
        text = (folder / name).read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot be used: {error.filename}: {error.strerror}.") from None
    if not text:
        raise ImproperlyConfigured(
            f"{folder / name} is empty; restore it, or remove it to have a new one made."
        )
    return text


def _create(folder: Path, name: str, text: str) -> None:
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    _write_private(draft, text)
    try:
        os.link(draft, folder / name)
    except FileExistsError:
        pass  # another process was first; its value counts
    finally:
        draft.unlink()


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def new_signing_key() -> str:
    return secrets.token_urlsafe(48)


def new_encryption_key() -> str:
    """32 random bytes in URL-safe base64: the form of a Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def new_management_token() -> str:
    return "mt-" + secrets.token_urlsafe(32)


def new_node_id() -> str:
    return secrets.token_hex(8)


def encryption_keys(given: Sequence[str], folder: Path) -> list[str]:
    """The keys given, newest first, in the form of Fernet keys; another length is refused."""
    if not given:
        return [read_or_create(folder, "encryption_key", new_encryption_key)]
    return [_fernet_key(key) for key in given]


def _fernet_key(text: str) -> str:
    # `openssl rand -base64 32` writes + and /, Fernet wants - and _.
    translated = text.translate(str.maketrans("+/", "-_"))
    try:
        is_long_enough = len(base64.urlsafe_b64decode(translated)) == 32
    except ValueError:
        is_long_enough = False
    if not is_long_enough:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS: every key must be 32 bytes in base64 (openssl rand -base64 32)."
        )
    return translated
