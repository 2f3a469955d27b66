"""What the page of a key or project says before its form: how it stands, what it may, what it has used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .. import money, statistics
from ..models import Credential, WitheringToken
from ..secrets import rotation, upstreamkeys
from ..secrets.encryption import DecryptionError
from ..tokens import states
from . import drawing, sparks, usage, words

DAYS = 30
SHOWN_KEYS = 20


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one span of time, in words."""

    name: str
    requests: str
    errors: str
    tokens: str
    cost: str


def of_key(key: Any) -> dict[str, Any]:
    kind = rotation.kind_of(key)
    return {
        "state": usage.shown_state_of(key),
        "reason": words.REASONS[key.state],
        "is_working": key.state in ("active", "soon"),
        "time_left": usage.time_left_of(key),
        "uses": usage.uses_of(key),
        "last_used": usage.last_used_of(key),
        "limits": limits_of(kind, key),
        "project_limits": limits_of("project", key.project) if key.project else [],
        "models": models_of(key),
        "logs": usage.logs_url(key=key.pk),
        "switches": [_switch(key)],
        **used(kind, key),
    }


def _switch(key: Any) -> tuple[str, str, str]:
    """The action of its list that stops it or lets it work again, what that is called, and its icon."""
    if isinstance(key, WitheringToken):
        if key.is_active:
            return "revoke", _("Revoke"), "circle-x"
        return "reactivate", _("Make active again"), "circle-check"
    return (
        ("disable", _("Switch off"), "circle-x")
        if key.is_enabled
        else ("enable", _("Switch on"), "circle-check")
    )


def limits_of(kind: str, row: Any) -> list[dict[str, Any]]:
    """Each limit as a sentence with how much of it is left at this moment."""
    said = list(words.limits(row))
    left = import_string(settings.KEY_LIMITS_READER)(kind, row.pk, row) if said else {}
    return [{"sentence": sentence, "left": _left(row, name, left.get(name))} for name, sentence in said]


def _left(row: Any, name: str, left: int | None) -> Any:
    most = getattr(row, name)
    if most == 0:
        return drawing.badge("error", _("blocks every call"))
    if left is None:
        return ""
    said = _("%(left)s of %(most)s left now") % {"left": words.number(left), "most": words.number(most)}
    return usage.left_bar(left / most, said)


def models_of(row: Any) -> list[str]:
    """Of a key and its project, as far as they limit them: both must allow."""
    lists = [getattr(row, "allowed_models", None)]
    project = getattr(row, "project", None)
    lists.append(project.allowed_models if project else None)
    return [", ".join(map(str, each)) for each in lists if each and "*" not in each]


def used(kind: str, row: Any) -> dict[str, Any]:
    days = statistics.daily(kind, [row.pk], DAYS).get(str(row.pk), [])
    lately = statistics.lately(kind, [row.pk]).get(str(row.pk))
    periods = [_spent(_("24 hours"), lately)]
    periods += [_spent(_("%(n)d days") % {"n": n}, statistics.total(days[-n:])) for n in (7, DAYS)]
    requests = [day.requests for day in days]
    said = _("%(requests)s in 30 days") % {"requests": usage.requests(sum(requests))}
    return {"periods": periods, "spark": sparks.spark(requests, said) if days else ""}


def _spent(name: str, spent: Any) -> Spent:
    if spent is None:
        return Spent(name, "0", "0", "0", "–")
    return Spent(
        name,
        words.number(spent.requests),
        words.number(spent.errors),
        words.number(spent.tokens),
        money.shown(spent.cost_nanos),
    )


def state_of_project(project: Any) -> Any:
    if project.is_active:
        return drawing.badge("ok", _("active"))
    return drawing.badge("muted", _("inactive"))


def own_key_of(project: Any) -> dict[str, Any]:
    try:
        return {"preview": upstreamkeys.preview(project.upstream_key), "is_readable": True}
    except DecryptionError:
        return {"preview": _("unreadable: enter it again"), "is_readable": False}


def of_project(project: Any, user: Any) -> dict[str, Any]:
    return {
        "state": state_of_project(project),
        "own_key": own_key_of(project),
        "limits": limits_of("project", project),
        "models": models_of(project),
        "policy": list(words.policy(project.policy)),
        "lists": [_listed(model, project, user) for model in (WitheringToken, Credential)],
        "logs": usage.logs_url(project=project.pk),
        **used("project", project),
    }


def _listed(model: Any, project: Any, user: Any) -> dict[str, Any]:
    """The newest keys of a project that work, and how many of each state there are."""
    options = model._meta
    rows = states.with_state(model.objects.filter(project=project).select_related("project"))
    counted = states.count(rows)
    newest = usage.attach(rows.filter(state__in=states.WORKING).order_by("-created_at")[:SHOWN_KEYS])
    page = f"admin:{options.app_label}_{options.model_name}"
    return {
        "title": options.verbose_name_plural,
        "is_tokens": model is WitheringToken,
        "all": reverse(f"{page}_changelist") + f"?project={project.pk}",
        "new": _may(user, model, "add")
        and project.is_active
        and reverse(f"{page}_add") + f"?project={project.pk}",
        "states": [(state, words.STATES[state], n) for state, n in counted.items()],
        "rows": [
            {
                "address": reverse(f"{page}_change", args=[row.pk]),
                "name": row.name or _("without a name"),
                "prefix": row.prefix,
                "state": usage.shown_state_of(row),
                "time_left": usage.time_left_of(row),
                "uses": usage.uses_of(row),
                "week": usage.week_of(row.days),
                "last_used": usage.last_used_of(row),
            }
            for row in newest
        ],
    }


def _may(user: Any, model: Any, verb: str) -> bool:
    return user.has_perm(f"{model._meta.app_label}.{verb}_{model._meta.model_name}")
