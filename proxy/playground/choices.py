"""What there is to choose from: keys that work, and providers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.audit.audit import Actor
from accounts.errors import Refused
from accounts.models import Credential, Secret, WitheringToken
from accounts.tokens import testkeys
from proxy.models import Provider

MOST = 200
OWN = "own"  # a key that is made when it is first called with

KINDS: dict[str, tuple[type[Secret], str]] = {
    "credential": (Credential, "accounts.view_credential"),
    "token": (WitheringToken, "accounts.view_witheringtoken"),
}
Choice = tuple[str, str]  # what is sent, and how it is called


def keys(user: Any) -> list[tuple[str, list[Choice]]]:
    """By group. Whoever may not see a kind of keys does not call with them."""
    own = testkeys.find(user.get_username())
    works = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    credentials = Credential.objects.listed().filter(works, is_enabled=True)
    credentials = credentials.exclude(pk=own.pk) if own else credentials
    tokens = WitheringToken.objects.listed().filter(works, is_active=True, project__is_active=True)
    groups = [(_("Mine"), _own(user, own))]
    rows: Any
    for title, rows, (_kind, permission) in zip(
        (_("Keys"), pgettext("withering", "Tokens")), (credentials, tokens), KINDS.values(), strict=True
    ):
        if user.has_perm(permission):
            found = rows.select_related("project")[:MOST]
            groups.append((title, [(name_of(row), _title(row)) for row in found]))
    return [(title, choices) for title, choices in groups if choices]


def find(user: Any, name: str, actor: Actor) -> Secret:
    """The key that the list above offers under this name, made if that is still to be done."""
    if name == OWN:
        return _own_key(user, actor)
    kind, _separator, pk = name.partition(":")
    model, permission = KINDS.get(kind, (Credential, ""))
    try:
        row = model._default_manager.filter(pk=pk).first() if permission else None
    except (ValueError, ValidationError):
        row = None
    is_own = isinstance(row, Credential) and row.name == testkeys.name_of(user.get_username())
    if row is None or not (is_own or user.has_perm(permission)):
        raise Refused(_("There is no such key, or you may not call with it."), field="key")
    return row


def _own_key(user: Any, actor: Actor) -> Credential:
    if testkeys.find(user.get_username()) is None and not user.has_perm("accounts.add_credential"):
        raise Refused(_("You may not make keys: choose another one."), field="key")
    return testkeys.ensure(user.get_username(), actor)


def name_of(row: Secret) -> str:
    return f"{'token' if isinstance(row, WitheringToken) else 'credential'}:{row.pk}"


def providers() -> list[str]:
    return list(Provider.objects.filter(is_enabled=True).values_list("provider_key", flat=True))


def _own(user: Any, own: Credential | None) -> list[Choice]:
    if own is not None:
        return [(name_of(own), own.name)] if own.status == "active" else []
    name = _("%s (made at the first call)") % testkeys.name_of(user.get_username())
    return [(OWN, name)] if user.has_perm("accounts.add_credential") else []


def _title(row: Any) -> str:
    return f"{row} · {row.project}" if row.project else str(row)
