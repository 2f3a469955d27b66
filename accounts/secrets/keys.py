"""Secrets of client keys: how they are made, which chosen ones are accepted, and all that is kept of them."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

from django.utils.translation import gettext as _

MARK = "sk-"
RANDOM_CHARACTERS = 40  # of 62 letters and digits: 238 bits
MIN_CHARACTERS = 8
MAX_CHARACTERS = 256
WEAK_BELOW_CHARACTERS = 24
SHOWN_CHARACTERS = 12
_CUT = re.compile(r"…|\.\.\.|\*\*")  # where a mask, or a line of a log, leaves something out
_SCHEME = re.compile(r"\ABearer\s+", re.IGNORECASE)
_ALPHABET = string.ascii_letters + string.digits


def generate() -> str:
    return MARK + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))


def digest(secret: str | bytes) -> bytes:
    """SHA-256 without salt or stretching: the secret is random, and every call has to look it up."""
    raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogateescape")
    return hashlib.sha256(raw).digest()


def shown_prefix(secret: str) -> str:
    """Enough to recognise a key, never more than a third of it."""
    return secret[: min(SHOWN_CHARACTERS, len(secret) // 3)] + "…"


def bare(piece: str) -> str:
    """Without the scheme, where somebody copied the whole value of a header."""
    return _SCHEME.sub("", piece)


def beginning(piece: str) -> str:
    """What a masked or cut off secret shows of its beginning: all of `piece` where nothing is left out."""
    return _CUT.split(piece)[0] or piece


def prefixes(beginning: str) -> list[str]:
    """What may be shown of a secret that begins so. The mark alone would tell no secrets apart."""
    most = min(SHOWN_CHARACTERS, len(beginning))
    return [f"{beginning[:length]}…" for length in range(len(MARK) + 1, most + 1)]


def refusal(secret: str) -> str | None:
    """Why a chosen secret cannot be used, or None."""
    if not MIN_CHARACTERS <= len(secret) <= MAX_CHARACTERS:
        return _("A key needs %(least)s to %(most)s characters; this one has %(length)s.") % {
            "least": MIN_CHARACTERS,
            "most": MAX_CHARACTERS,
            "length": len(secret),
        }
    # HTTP strips spaces around a header's value: such a key would never be recognised.
    if not secret.isprintable() or secret != secret.strip():
        return _("A key consists of printable characters, without spaces around them.")
    return None


def warning(secret: str) -> str | None:
    if len(secret) < WEAK_BELOW_CHARACTERS:
        return _("This key has fewer than %(least)s characters and could be guessed.") % {
            "least": WEAK_BELOW_CHARACTERS
        }
    return None
