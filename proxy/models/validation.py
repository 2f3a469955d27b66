"""What may stand in a row: said where it is entered, and again by the database where it can be."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import cachepolicies, policies

TIMEOUTS = (
    "connect_timeout_seconds",
    "first_byte_timeout_seconds",
    "idle_timeout_seconds",
    "total_timeout_seconds",
)
# The first parts of what the relay itself answers; no route may shadow them.
RESERVED_PATHS = frozenset(
    {
        "admin",
        "manage",
        "health",
        "healthz",
        "ready",
        "live",
        "metrics",
        "docs",
        "openapi.json",
        "static",
        "ws",
        "favicon.ico",
    }
)
# Not only digits: the API takes either a name or a number in the same place.
validate_name = RegexValidator(
    r"^(?!\d+\Z)[A-Za-z0-9][A-Za-z0-9._-]*\Z", _("Letters, digits and . _ - only, and not just a number.")
)


def validate_base_url(value: str) -> None:
    if re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValidationError(_("An address contains no spaces."))
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises on a port that is no number
    except ValueError:
        raise ValidationError(_("This is no address.")) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError(_("Write an address such as https://api.example.com/v1."))
    if "@" in parts.netloc:
        raise ValidationError(_("Credentials do not belong in the address; enter the key as API key."))
    if parts.query or parts.fragment:
        raise ValidationError(_("The address ends with its path, without ? or #."))


def validate_path_prefix(value: str) -> None:
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~:@!$&'()*+,;=-]+)+", value):
        raise ValidationError(_("A prefix begins with / and ends without, such as /v1/chat."))
    first = value.split("/")[1].lower()
    if (value + "/").startswith("/v1/relay/"):
        first = "v1/relay"
    if first in RESERVED_PATHS | {"v1/relay"}:
        raise ValidationError(_("The relay itself answers under /%(first)s."), params={"first": first})
    if any(part in (".", "..") for part in value.split("/")):
        raise ValidationError(_("A prefix contains no . or .. parts."))


def validate_seconds(value: float) -> None:
    if not 0 < value < float("inf"):
        raise ValidationError(_("A time limit is more than 0 seconds."))


def validate_policy(value: Any) -> None:
    if refusal := policies.refusal_of(value):
        raise ValidationError(refusal)


def validate_cache_policy(value: Any) -> None:
    """Of a route."""
    if refusal := cachepolicies.refusal_of_route(value):
        raise ValidationError(refusal)


def validate_origins(value: Any) -> None:
    """As in a policy."""
    validate_policy({"allowed_origins": value})


def positive_timeouts(name: str) -> models.CheckConstraint:
    """For those who write past the forms; an empty one passes."""
    positive = Q()
    for field in TIMEOUTS:
        positive &= Q(**{f"{field}__gt": 0})
    return models.CheckConstraint(
        condition=positive, name=name, violation_error_message=_("A time limit is more than 0 seconds.")
    )


def timeout_field(verbose_name: Any) -> models.FloatField:
    """Of a provider or a route, which the settings stand behind."""
    return models.FloatField(
        verbose_name,
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds; empty: as in the settings."),
    )
