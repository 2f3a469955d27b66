"""The far sides."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.secrets.encryption import DecryptionError

from .. import provider_types
from ..routing import mapping
from ..sending import addresses
from .validation import positive_timeouts, timeout_field, validate_base_url, validate_name, validate_policy

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Who may edit providers must not be able to send these to an address of their own.
_OWN_SECRETS = {
    *("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "ENCRYPTION_KEY", "MANAGEMENT_TOKEN", "ADMIN_KEY"),
    *("ADMIN_PASSWORD", "PROXY_KEY", "METRICS_TOKEN", "DATABASE_URL", "DB_URL", "LOG_DATABASE_URL"),
    *("REDIS_URL", "REDIS_CACHE_URL"),
}
_ENDPOINT = re.compile(r"/?(?:v1/)?[A-Za-z0-9_.*-]+(?:/[A-Za-z0-9_.*{}-]+)*/?")


class Provider(models.Model):
    provider_key = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        validators=[validate_name],
        help_text=_("Names the provider in addresses, headers and records."),
    )
    provider_type = models.CharField(_("type"), max_length=100, default="openai")
    api_base = models.CharField(
        _("address"),
        max_length=500,
        validators=[validate_base_url],
        help_text=_("Such as https://api.openai.com; an address without a path gets /v1."),
    )
    allow_internal_address = models.BooleanField(
        _("allow an internal address"),
        default=False,
        help_text=_(
            "Lets the address be link-local or a cloud's metadata service, which is refused otherwise."
        ),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default="")
    extra_api_keys = EncryptedTextField(
        _("further API keys"), blank=True, default="", help_text=_("One a line; calls take them in turn.")
    )
    api_key_env = models.CharField(
        _("variable of the API key"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("The environment variable that holds the key, instead of a key kept here."),
    )
    model_mapping = models.JSONField(
        _("models"),
        default=dict,
        blank=True,
        help_text=_(
            'Asked name or pattern to the provider\'s name: {"gpt-4o": "gpt-4o-2024-11-20", '
            '"qwen-*": "qwen-max"}. Empty: every model, under its own name.'
        ),
    )
    endpoints = models.JSONField(
        _("endpoints"),
        default=list,
        blank=True,
        help_text=_('What it serves, such as ["chat/completions"]. Empty: everything.'),
    )
    supports_streaming = models.BooleanField(_("can stream"), default=True)
    weight = models.PositiveIntegerField(
        _("weight"), default=1, help_text=_("Its share of the calls. 0: no new ones.")
    )
    priority = models.PositiveIntegerField(
        _("priority"), default=0, help_text=_("0 is asked first, a higher number when all before it fail.")
    )
    provider_params = models.JSONField(
        _("parameters of the type"),
        default=dict,
        blank=True,
        help_text=_('Such as {"api_version": "2024-10-21"} for azure.'),
    )
    policy = models.JSONField(
        _("policy"),
        default=dict,
        blank=True,
        validators=[validate_policy],
        help_text=_(
            "Holds for calls that go to this provider, beside those of the settings and the project."
        ),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    inject_stream_usage = models.BooleanField(
        _("ask for usage in streams"), null=True, blank=True, help_text=_("Empty: as in the settings.")
    )
    http_max_retries = models.PositiveSmallIntegerField(
        _("retries"), null=True, blank=True, help_text=_("Empty: as in the settings.")
    )
    connect_timeout_seconds = timeout_field(_("connect timeout"))
    first_byte_timeout_seconds = timeout_field(_("first byte timeout"))
    idle_timeout_seconds = timeout_field(_("idle timeout"))
    total_timeout_seconds = timeout_field(_("total timeout"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["pk"]
        constraints = [positive_timeouts("proxy_provider_positive_timeouts")]

    def __str__(self) -> str:
        return self.provider_key

    def clean(self) -> None:
        """What only shows when several fields are seen together, or takes their meaning."""
        refusals = {
            "model_mapping": mapping.refusal_of(self.model_mapping),
            "endpoints": _refusal_of_endpoints(self.endpoints),
            "api_base": None if self.allow_internal_address else addresses.refusal_of(self.api_base),
            "api_key_env": _refusal_of_variable(self.api_key_env),
            **_refusal_of_type(self.provider_type, self.provider_params),
        }
        if found := {field: refusal for field, refusal in refusals.items() if refusal}:
            raise ValidationError(found)

    @property
    def api_key_state(self) -> str:
        try:
            return "set" if self.api_key else "not_set"
        except DecryptionError:
            return "unreadable"


def _refusal_of_type(name: str, params: Any) -> dict[str, str | None]:
    try:
        provider_types.named(name)
    except provider_types.UnknownType as error:
        return {"provider_type": str(error)}
    return {"provider_params": provider_types.refusal_of(name, params)}


def _refusal_of_variable(name: str) -> str | None:
    if name and not _VARIABLE.fullmatch(name):
        return _("'%(name)s' is no name of a variable, such as OPENAI_API_KEY.") % {"name": name}
    if name.removesuffix("_FILE") in _OWN_SECRETS:
        return _("%(name)s is a secret of the relay itself, which no provider gets.") % {"name": name}
    return None


def _refusal_of_endpoints(endpoints: Any) -> str | None:
    if not isinstance(endpoints, list) or not all(isinstance(each, str) for each in endpoints):
        return gettext('The endpoints are a list, such as ["chat/completions"].')
    wrong = next((each for each in endpoints if not _ENDPOINT.fullmatch(each)), None)
    return (
        _("'%(wrong)s' is no endpoint; write it as in chat/completions.") % {"wrong": wrong}
        if wrong is not None
        else None
    )
