"""Why nobody may ever hear of an alert, right as it is: it names what is not there, or tells nobody."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.api.filters import has_id, is_number
from accounts.models import Credential, Project, WitheringToken
from logs_app.models import AlertRule, Series

UNKNOWN = {
    "project": gettext_lazy("There is no project '%s' now."),
    "key": gettext_lazy("There is no key or token '%s' now."),
    "model": gettext_lazy("No call has asked for the model '%s' yet."),
    "provider": gettext_lazy("There is no enabled provider '%s' now."),
}


def of(rule: AlertRule) -> list[str]:
    """Sentences, for whoever has just saved it."""
    found = [str(UNKNOWN[name]) % text for name, text in rule.scope.items() if not KNOWS[name](text)]
    if rule.emails and not settings.EMAIL_URL:
        found.append(_("E-mail is not sent before EMAIL_URL is set."))
    if not rule.emails and not rule.__dict__["webhook_url"]:
        found.append(_("Nobody is told: it is only shown here. Give it an address or a webhook."))
    return found


def _is_project(text: str) -> bool:
    return Project.objects.filter(Q(name=text) | has_id(text), deleted_at=None).exists()


def _is_key(text: str) -> bool:
    numbered = Q(pk=text) if is_number(text) else Q(pk__in=[])
    tokens = WitheringToken.objects.filter(Q(name=text) | has_id(text))
    return tokens.exists() or Credential.objects.filter(Q(name=text) | numbered).exists()


def _is_model(text: str) -> bool:
    return Series.objects.filter(model=text).exists()


def _is_provider(text: str) -> bool:
    return text in import_string(settings.PROVIDER_STANDING_READER)()


KNOWS: dict[str, Callable[[str], bool]] = {
    "project": _is_project,
    "key": _is_key,
    "model": _is_model,
    "provider": _is_provider,
}
