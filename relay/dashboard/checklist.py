"""What is to be done before the first application can call, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Credential, WitheringToken
from logs_app.models import KeyUsage, Series
from proxy.models import Provider


@dataclass(frozen=True, slots=True)
class Item:
    """`link` is empty for somebody who may not do it."""

    title: str
    words: str
    link: str
    action: str
    is_done: bool


def look(user: Any) -> list[Item]:
    """Empty once all is done."""
    items = [_provider(user), _key(user), _call()]
    return [] if all(item.is_done for item in items) else items


def _provider(user: Any) -> Item:
    enabled = list(Provider.objects.filter(is_enabled=True).order_by("pk"))
    if enabled:
        link = reverse("admin:proxy_provider_change", args=[enabled[0].pk])
    else:
        link = reverse("admin:proxy_provider_add")
    return Item(
        _("Give a provider its API key"),
        _("Calls go there. One that needs no key, such as a model on your own machine, is ready without."),
        link if user.has_perm("proxy.change_provider") else "",
        _("Open the provider") if enabled else _("Add a provider"),
        any(map(_has_key, enabled)) or bool(enabled) and Series.objects.filter(status_code=200).exists(),
    )


def _has_key(row: Provider) -> bool:
    return bool(row.api_key_env) or row.api_key_state == "set"


def _key(user: Any) -> Item:
    kinds = (Credential.objects.filter(is_enabled=True), WitheringToken.objects.filter(is_active=True))
    return Item(
        _("Make a key for your application"),
        _("With it the application calls the relay. The provider's key stays here."),
        reverse("admin:accounts_credential_changelist") if user.has_perm("accounts.view_credential") else "",
        _("Open the keys"),
        any(kind.exists() for kind in kinds),
    )


def _call() -> Item:
    return Item(
        _("Make the first call"),
        _("Point your client at this relay: the programs below have its address."),
        "#examples",
        _("Show the programs"),
        has_traffic(),
    )


def has_traffic() -> bool:
    """Whether there was ever a call."""
    return KeyUsage.objects.exists() or Series.objects.exists()
