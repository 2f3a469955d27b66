"""What a rule sees of one thing now."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from logs_app.models import AlertRule

RECORDS = "/admin/logs_app/logrecord/"
SCOPE_WORDS = {
    "project": _("project %s"),
    "key": _("key %s"),
    "model": _("model %s"),
    "provider": _("provider %s"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """`begins`: an alert would open at it; `ends`: one would close. Neither: all stays as it is.

    `path` leads to a page of the admin that shows more.
    """

    words: str
    value: float | None = None
    begins: bool = False
    ends: bool = False
    subject: str = ""
    node: str = ""
    path: str = ""


def measured(rule: AlertRule, value: float, words: str, path: str) -> Reading:
    """Between the two bounds nothing changes."""
    begins = value >= rule.threshold
    ends = not begins and value <= rule.over_at
    return Reading(words, value, begins, ends, path=path)


def of_calls(rule: AlertRule) -> str:
    """Which calls are meant, after `calls`."""
    named = [str(SCOPE_WORDS[name]) % f"'{value}'" for name, value in rule.scope.items()]
    return gettext(" of %s") % ", ".join(named) if named else ""


def records(rule: AlertRule, since: str, **more: str) -> str:
    return f"{RECORDS}?{urlencode(rule.scope | {'since': since} | more)}"
