"""The groups that every relay has: what people of each may do in the console and with the API."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

# Seeing how applications, keys and providers fare, and nothing of what was said.
SEEN = (
    "logs_app.logrecord", "logs_app.modelprice", "accounts.project", "accounts.credential",
    "accounts.witheringtoken", "proxy.provider", "proxy.route", "proxy.processor", "logs_app.alertrule",
    "logs_app.alertstate", "logs_app.dispatcher", "logs_app.deadletter",
)  # fmt: skip
# What an operator hands out, takes back and connects.
OPERATED = (
    "accounts.project", "accounts.credential", "accounts.witheringtoken", "proxy.provider", "proxy.route",
    "proxy.processor", "logs_app.alertrule", "logs_app.dispatcher",
)  # fmt: skip
# Nobody makes an undelivered event: it is sent again or dropped.
MENDED = ("logs_app.deadletter",)
SETTINGS = ("proxy.relaysettings", "logs_app.logsettings", "logs_app.redactionrule")
APPS = ("accounts", "logs_app", "proxy", "auth")


def _all_of(models: tuple[str, ...], *verbs: str) -> tuple[str, ...]:
    return tuple(f"{model.replace('.', f'.{verb}_')}" for model in models for verb in verbs)


VIEWER = _all_of(SEEN, "view")
ROLES: dict[str, tuple[str, ...]] = {
    "viewer": VIEWER,
    # Reads what was said, searches it, exports it and asks again.
    "analyst": (*VIEWER, "logs_app.view_payload", "logs_app.add_logrecord"),
    "operator": (
        *VIEWER,
        *_all_of(OPERATED, "add", "change", "delete"),
        *_all_of(MENDED, "change", "delete"),
        *_all_of(SETTINGS, "view"),
        *_all_of(("proxy.cachepurge",), "view", "add"),
    ),
}
ADMIN = "admin"


def ensure_roles() -> None:
    """Creates those that do not exist, and leaves the others as somebody made them."""
    for name, permissions in ROLES.items():
        _ensure(name, _named(permissions))
    _ensure(ADMIN, Permission.objects.filter(content_type__app_label__in=APPS))


def _ensure(name: str, permissions: QuerySet[Permission]) -> None:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.set(permissions)


def _named(names: tuple[str, ...]) -> QuerySet[Permission]:
    wanted = Q()
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(wanted)
