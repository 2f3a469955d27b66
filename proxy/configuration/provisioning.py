"""The first provider and settings, and what the environment says differently from the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from accounts import provisioning as accounts
from accounts.provisioning import Difference, assign
from accounts.secrets.encryption import DecryptionError
from logs_app import provisioning as records

from ..models import Provider, RelaySettings
from . import soundness
from .rows import routing_of

DEFAULT_PROVIDER = "default"
SETTING_VARIABLES = tuple(
    field.name.upper()
    for field in RelaySettings._meta.concrete_fields
    if field.name not in ("id", "policy", "updated_at")
)
VARIABLES = (
    "TARGET_BASE_URL",
    "TARGET_API_KEY",
    "PROXY_KEY",
    "ADMIN_USERNAME",
    "ADMIN_PASSWORD",
    *SETTING_VARIABLES,
    *records.VARIABLES,
)


def given_values() -> dict[str, Any]:
    """The variables that somebody set. Defaults never contradict the database."""
    names = set(settings.GIVEN_VARIABLES)
    if "HTTP_TIMEOUT_SECONDS" in names:
        names |= {"FIRST_BYTE_TIMEOUT_SECONDS", "IDLE_TIMEOUT_SECONDS"}
    if "ADMIN_PASSWORD" in names:
        names.add("ADMIN_USERNAME")
    return {name: getattr(settings, name) for name in VARIABLES if name in names}


def ensure_provider(base_url: str, api_key: str) -> Provider | None:
    """Creates the first provider, only where there is none. Without a key it is there to be completed."""
    if Provider.objects.exists():
        return None
    provider = Provider(provider_key=DEFAULT_PROVIDER)
    assign(provider, {"api_base": base_url, "api_key": api_key})
    return provider


def ensure_settings(values: Mapping[str, Any]) -> RelaySettings | None:
    return accounts.ensure_row(RelaySettings, SETTING_VARIABLES, values)


def differences(given: Mapping[str, Any]) -> list[Difference]:
    """Everything in which the given variables and the database disagree."""
    return [
        *accounts.differences(given),
        *_provider_differences(given),
        *accounts.row_differences(RelaySettings, SETTING_VARIABLES, given),
        *records.differences(given),
    ]


def reminders(apart_from: Collection[str] = ()) -> list[str]:
    """A line for each difference, for the start of the server: changed variables alone change nothing."""
    given = {name: value for name, value in given_values().items() if name not in apart_from}
    return [f"{found.line}; run manage.py sync_config" for found in differences(given)]


def problems() -> list[str]:
    """What in the database cannot work, in words. Raises DatabaseError."""
    return soundness.problems(routing_of(0, {}, DEFAULT_DB_ALIAS))


def _provider_differences(given: Mapping[str, Any]) -> list[Difference]:
    wanted = {
        column: given[variable]
        for variable, column in (("TARGET_BASE_URL", "api_base"), ("TARGET_API_KEY", "api_key"))
        if given.get(variable)
    }
    provider = Provider.objects.filter(provider_key=DEFAULT_PROVIDER).first()
    if provider is None and wanted:
        new = Provider(provider_key=DEFAULT_PROVIDER, api_base=settings.TARGET_BASE_URL)
        line = f"TARGET_* are set, but there is no provider {DEFAULT_PROVIDER}"
        return [Difference(line, partial(assign, new, wanted))]
    found = []
    if "api_base" in wanted and provider and provider.api_base.rstrip("/") != wanted["api_base"].rstrip("/"):
        line = (
            f"TARGET_BASE_URL differs from the address of provider {DEFAULT_PROVIDER} ({provider.api_base})"
        )
        found.append(Difference(line, partial(assign, provider, {"api_base": wanted["api_base"]})))
    if "api_key" in wanted and provider and _stored_key(provider) != wanted["api_key"]:
        line = f"TARGET_API_KEY differs from the stored key of provider {DEFAULT_PROVIDER}"
        found.append(Difference(line, partial(assign, provider, {"api_key": wanted["api_key"]})))
    return found


def _stored_key(provider: Provider) -> str | None:
    try:
        return provider.api_key
    except DecryptionError:
        return None
