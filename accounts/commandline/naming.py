"""What may stand on a command line in the place of an id: a name that one thing alone has, or a secret."""

from __future__ import annotations

import re

from django.core.management.base import CommandError

from . import secretoutput
from .calling import Gateway

STANDARD_INPUT = "-"
_ID = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# As it stands in a path: nothing that would lead elsewhere.
_SEGMENT = re.compile(r"(?!\.+$)[\w.~-]{1,256}", re.ASCII)


def id_of(gateway: Gateway, noun: str, text: str) -> str:
    if text == STANDARD_INPUT:
        return _of_secret(gateway, noun, secretoutput.read(STANDARD_INPUT))
    return text if _ID.fullmatch(text) else _of_name(gateway, noun, text) or _of_secret(gateway, noun, text)


def _of_name(gateway: Gateway, noun: str, name: str) -> str | None:
    found = gateway.call("GET", f"/manage/{noun}s", params={"name": name})["results"]
    if len(found) > 1:
        ids = ", ".join(row["id"] for row in found)
        raise CommandError(f"Several {noun}s have this name. Give the id of one: {ids}.")
    return str(found[0]["id"]) if found else None


def _of_secret(gateway: Gateway, noun: str, secret: str) -> str:
    """From here on the id is sent and shown, and the secret no more."""
    if not _SEGMENT.fullmatch(secret):
        raise CommandError(f"There is no such {noun}: no name is this, and nothing else may look so.")
    return str(gateway.call("GET", f"/manage/{noun}s/{secret}")["id"])
