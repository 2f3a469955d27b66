"""Keys of another system, of which it has only kept what this one keeps too: the SHA-256 of each.

A line is a name, the digest in 64 hexadecimal characters, and what is shown of the key (may be missing),
divided by tabs or commas. Empty lines and lines that begin with # are passed over. Applications go on with
the keys they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..models import Credential, WitheringToken
from ..provisioning import Difference

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_SHOWN_CHARACTERS = 12


class KeyFileRefused(Exception):
    """The file cannot be used; the words name the line."""


def differences(path: Path) -> list[Difference]:
    """What the file has and the database has not. Raises KeyFileRefused."""
    found, names = [], set(Credential.objects.values_list("name", flat=True))
    for number, name, digest, shown in _rows(path):
        if _is_known(digest):
            continue
        if name in names:
            raise KeyFileRefused(f"{path}, line {number}: there is another key named {name}.")
        names.add(name)
        credential = Credential(name=name, digest=digest, prefix=shown)
        found.append(Difference(f"Key {name} is not there", partial(credential.save, force_insert=True)))
    return found


def _is_known(digest: bytes) -> bool:
    return any(model.objects.filter(digest=digest).exists() for model in (Credential, WitheringToken))


def _rows(path: Path) -> Iterator[tuple[int, str, bytes, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileRefused(f"{path} cannot be read: {error}.") from None
    seen: set[bytes] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, digest, *shown = (part.strip() for part in re.split(r"[\t,]", line, maxsplit=2) + [""])
        match = _DIGEST.fullmatch(digest)
        if not name or match is None:
            raise KeyFileRefused(
                f"{path}, line {number}: it must be a name and a SHA-256 in 64 hexadecimal characters."
            )
        raw = bytes.fromhex(match[1])
        if raw in seen:
            raise KeyFileRefused(f"{path}, line {number}: this key stands there twice.")
        seen.add(raw)
        yield number, name, raw, f"{(shown[0] or name)[:_SHOWN_CHARACTERS].rstrip('…')}…"
