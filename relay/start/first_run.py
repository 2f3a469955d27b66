"""From an empty folder to a relay that can answer: schema, first user, first key, first provider."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import provisioning as accounts
from accounts.audit import audit
from accounts.audit.audit import Actor
from logs_app import provisioning as records
from proxy import files
from proxy.configuration import provisioning as providers
from proxy.models import RelaySettings
from relay import roles
from relay.environment import notices
from relay.health import sharedlimits
from relay.start import schema, welcome
from relay.start.welcome import Generated

ACTOR = Actor("command", "serve")
# By the start that makes the first user; to compare a password takes half a second.
JUST_SET = ("ADMIN_PASSWORD",)

Say = Callable[[str], None]


def prepare(url: str, say: Say) -> None:
    """Secrets are shown once: by the start that made them, after they are stored."""
    with schema.exclusive():
        bring_up_to_date(say)
        had_admin = _has_admin()
        generated = _provision(say)
    if generated is not None:
        say(welcome.text(url, generated, welcome.FIRST))
    problems = [] if generated else providers.problems()
    reminders = providers.reminders(apart_from=JUST_SET if generated and not had_admin else ())
    for line in (*problems, *reminders, *sharedlimits.reminders(), *notices.reminders()):
        say(line)


def prepare_demo(url: str, say: Say) -> None:
    """The demo hides nothing, and its provider listens elsewhere each time."""
    with schema.exclusive():
        bring_up_to_date(say)
        _provision(say)
        for difference in providers.differences(providers.given_values()):
            difference.apply()
    say(welcome.text(url, Generated(settings.ADMIN_PASSWORD, settings.PROXY_KEY), welcome.DEMO))


def bring_up_to_date(say: Say) -> None:
    """Within `schema.exclusive`. A database from before there were roles gets them too; a group without
    people does nothing.
    """
    schema.migrate(say)
    roles.ensure_roles()


def _provision(say: Say) -> Generated | None:
    """Only into an empty database: what somebody deletes later does not come back by a restart."""
    if RelaySettings.objects.exists():
        return None
    with transaction.atomic():
        providers.ensure_settings(providers.given_values())
        _import_files(say)
        records.ensure_settings(providers.given_values())
        providers.ensure_provider(settings.TARGET_BASE_URL, settings.TARGET_API_KEY)
        _, proxy_key = accounts.ensure_credential(secret=settings.PROXY_KEY or None)
        generated = Generated(_ensure_admin(), proxy_key)
        audit.record(ACTOR, "relay.first_run", detail={"user": settings.ADMIN_USERNAME})
        return generated


def _import_files(say: Say) -> None:
    """The providers of CONFIG_PATH and API_CONFIG_PATH; with any of them there is no first one to make."""
    for path in filter(None, (settings.CONFIG_PATH, settings.API_CONFIG_PATH)):
        try:
            plan = files.read(path)
        except files.FileRefused as refused:
            raise ImproperlyConfigured(f"{path}: {refused}") from None
        for difference in files.differences(plan):
            difference.apply()
            say(f"{path.name}: {difference.line}")
        for note in (*plan.notes, *(f"belongs into .env: {line}" for line in plan.lines)):
            say(f"{path.name}: {note}")


def _ensure_admin() -> str | None:
    if _has_admin():
        return None
    generated = None if settings.ADMIN_PASSWORD else secrets.token_urlsafe(12)
    password = settings.ADMIN_PASSWORD or generated
    get_user_model().objects.create_superuser(settings.ADMIN_USERNAME, password=password)
    return generated


def _has_admin() -> bool:
    return bool(get_user_model().objects.filter(is_superuser=True).exists())
