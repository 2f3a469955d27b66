"""Where calls go, and what holds for all of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import policies
from accounts.encryption import DecryptionError
from accounts.fields import EncryptedTextField

TIMEOUTS = (
    "connect_timeout_seconds",
    "first_byte_timeout_seconds",
    "idle_timeout_seconds",
    "total_timeout_seconds",
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


def validate_seconds(value: float) -> None:
    if not 0 < value < float("inf"):
        raise ValidationError(_("A time limit is more than 0 seconds."))


def validate_policy(value: Any) -> None:
    if refusal := policies.refusal_of(value):
        raise ValidationError(refusal)


def positive_timeouts(name: str) -> models.CheckConstraint:
    """For those who write past the forms; an empty one passes."""
    positive = Q()
    for field in TIMEOUTS:
        positive &= Q(**{f"{field}__gt": 0})
    return models.CheckConstraint(
        condition=positive, name=name, violation_error_message=_("A time limit is more than 0 seconds.")
    )


class Provider(models.Model):
    provider_key = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                # Not only digits: the API takes either this name or the number in the same place.
                r"^(?!\d+\Z)[A-Za-z0-9][A-Za-z0-9._-]*\Z",
                _("Letters, digits and . _ - only, and not just a number."),
            )
        ],
        help_text=_("Names the provider in addresses, headers and records."),
    )
    provider_type = models.CharField(_("type"), max_length=100, default="openai")
    api_base = models.CharField(
        _("address"),
        max_length=500,
        validators=[validate_base_url],
        help_text=_("Such as https://api.openai.com; an address without a path gets /v1."),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default="")
    is_enabled = models.BooleanField(_("enabled"), default=True)
    inject_stream_usage = models.BooleanField(
        _("ask for usage in streams"), null=True, blank=True, help_text=_("Empty: as in the settings.")
    )
    connect_timeout_seconds = models.FloatField(
        _("connect timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds; empty: as in the settings."),
    )
    first_byte_timeout_seconds = models.FloatField(
        _("first byte timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds; empty: as in the settings."),
    )
    idle_timeout_seconds = models.FloatField(
        _("idle timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds; empty: as in the settings."),
    )
    total_timeout_seconds = models.FloatField(
        _("total timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds; empty: as in the settings."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["pk"]
        constraints = [positive_timeouts("proxy_provider_positive_timeouts")]

    def __str__(self) -> str:
        return self.provider_key

    @property
    def api_key_state(self) -> str:
        try:
            return "set" if self.api_key else "not_set"
        except DecryptionError:
            return "unreadable"


class RelaySettings(models.Model):
    """One row. What is empty in a provider is taken from here."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    default_model = models.CharField(
        _("default model"),
        max_length=200,
        blank=True,
        help_text=_("Put into requests that name no model. Empty: such requests are sent as they are."),
    )
    connect_timeout_seconds = models.FloatField(
        _("connect timeout"),
        default=10.0,
        validators=[validate_seconds],
        help_text=_("Seconds until a provider accepts the connection."),
    )
    first_byte_timeout_seconds = models.FloatField(
        _("first byte timeout"),
        default=600.0,
        validators=[validate_seconds],
        help_text=_("Seconds until a provider's answer begins."),
    )
    idle_timeout_seconds = models.FloatField(
        _("idle timeout"),
        default=600.0,
        validators=[validate_seconds],
        help_text=_("Seconds between two parts of an answer. A stream may run for hours."),
    )
    total_timeout_seconds = models.FloatField(
        _("total timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds for a whole call. Empty: no limit."),
    )
    inject_stream_usage = models.BooleanField(
        _("ask for usage in streams"),
        default=True,
        help_text=_(
            "Asks providers for the token usage of streams whose request does not mention it, and hides "
            "the extra event from the client. Off: requests and streams are not touched."
        ),
    )
    policy = models.JSONField(
        _("policy"),
        default=dict,
        blank=True,
        validators=[validate_policy],
        help_text=_(
            "Holds for every key; a project's own policy must allow as well. Members: param_whitelist, "
            "allowed_origins, required_headers, allowed_endpoints, allowed_methods."
        ),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("relay settings")
        verbose_name_plural = _("relay settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="proxy_relaysettings_one_row"),
            positive_timeouts("proxy_relaysettings_positive_timeouts"),
        ]

    def __str__(self) -> str:
        return str(_("Relay settings"))
