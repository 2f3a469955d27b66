"""What there is to choose from: keys that work, providers, and the model to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.audit.audit import Actor
from accounts.errors import Refused
from accounts.models import Credential, Secret, WitheringToken
from accounts.tokens import states, testkeys
from logs_app.models import LogRecord
from logs_app.models.visibility import may_see
from logs_app.rollups.figures import Sums
from logs_app.statistics import sums
from logs_app.statistics.question import StatisticsFilters
from proxy.models import Provider
from proxy.playground.question import PATH

MOST = 200
OWN = "own"  # a key that is made when it is first called with
LATELY = "7d"

KINDS: dict[str, tuple[type[Secret], str]] = {
    "credential": (Credential, "accounts.view_credential"),
    "token": (WitheringToken, "accounts.view_witheringtoken"),
}
Choice = tuple[str, str]  # what is sent, and how it is called


def keys(user: Any) -> list[tuple[str, list[Choice]]]:
    """By group. Whoever may not see a kind of keys does not call with them."""
    own = testkeys.find(user.get_username())
    credentials = _working(Credential.objects.listed())
    tokens = _working(WitheringToken.objects.listed())
    credentials = credentials.exclude(pk=own.pk) if own else credentials
    groups = [(_("Mine"), _own(user, own))]
    rows: Any
    for title, rows, (_kind, permission) in zip(
        (_("Keys"), pgettext("withering", "Tokens")), (credentials, tokens), KINDS.values(), strict=True
    ):
        if user.has_perm(permission):
            found = rows.select_related("project")[:MOST]
            groups.append((title, [(name_of(row), _title(row)) for row in found]))
    return [(title, choices) for title, choices in groups if choices]


def _working(rows: Any) -> Any:
    return states.narrow(states.with_state(rows), "active")


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


def usual_model(user: Any, names: Sequence[str]) -> str:
    """Of these names the one that chats have asked for most lately, and were answered; else the first."""
    if not may_see(user):
        return next(iter(names), "")
    asked = StatisticsFilters.given({"since": LATELY, "endpoint": PATH, "group_by": "model"})
    asked.is_valid(raise_exception=True)
    found = sums.read(asked, LogRecord.objects.visible_to(user)).sums
    answered = {model: _answered(figures) for ((model,), _start), figures in found.items()}
    return max(names, key=lambda name: answered.get(name, 0), default="")


def _answered(figures: int) -> int:
    return Sums(figures)["requests"] - Sums(figures)["errors"]


def _own(user: Any, own: Credential | None) -> list[Choice]:
    if own is not None:
        return [(name_of(own), own.name)] if own.status == "active" else []
    name = _("%s (made at the first call)") % testkeys.name_of(user.get_username())
    return [(OWN, name)] if user.has_perm("accounts.add_credential") else []


def _title(row: Any) -> str:
    return f"{row} · {row.project}" if row.project else str(row)
