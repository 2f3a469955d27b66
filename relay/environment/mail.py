"""Django's settings of e-mail from an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl")


def configure(url: str) -> dict[str, Any]:
    """A refusal never repeats the URL with its password."""
    if not url:
        return {}
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@host:587.")
    given: dict[str, Any] = environ.Env.email_url_config(url)
    return given
