"""The kinds of things that are redacted; a label stands in their place: `[EMAIL_1]`."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

EMAIL = "EMAIL"
PHONE = "PHONE"
CN_ID = "CN_ID"
SSN = "SSN"
CARD = "CARD"
IBAN = "IBAN"
IP = "IP"
JWT = "JWT"
API_KEY = "API_KEY"
PRIVATE_KEY = "PRIVATE_KEY"
PASSWORD = "PASSWORD"
IMAGE = "IMAGE"

# What each is, for people; the order is that of precedence where two overlap.
KINDS = {
    IMAGE: _("images in base64"),
    PRIVATE_KEY: _("private keys (PEM)"),
    JWT: _("JSON web tokens"),
    API_KEY: _("API keys of the known providers, bearer tokens"),
    PASSWORD: _("passwords in addresses and in members named so"),
    EMAIL: _("e-mail addresses"),
    IBAN: _("bank accounts (IBAN)"),
    CARD: _("payment cards"),
    CN_ID: _("Chinese identity numbers"),
    SSN: _("US social security numbers"),
    PHONE: _("telephone numbers"),
    IP: _("IP addresses"),
}
# A version such as 1.2.3.4 looks like an address, and an image is rarely personal.
OPTIONAL = frozenset({IP, IMAGE})
USUAL = frozenset(KINDS) - OPTIONAL
PRECEDENCE = {kind: place for place, kind in enumerate(KINDS)}


class Span(NamedTuple):
    """A part of a text, and what it is."""

    start: int
    end: int
    kind: str
