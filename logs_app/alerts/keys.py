"""Keys that are about to wither: by time, both kinds; by use, tokens with a quota."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.api.filters import is_number
from accounts.models import Credential, TokenQuota, WitheringToken
from logs_app.alerts.reading import Reading
from logs_app.finding.filters import is_uuid
from logs_app.models import AlertRule

MOST = 500  # of each kind, those nearest to their end


def expiry(rule: AlertRule, now: datetime) -> list[Reading]:
    """Only those that are near: one that was given more time is gone from here, and so is its alert."""
    near = Q(expires_at__gt=now, expires_at__lte=now + timedelta(hours=rule.threshold))
    found = [rows.filter(near).order_by("expires_at")[:MOST] for rows in (_tokens(rule), _credentials(rule))]
    return [_expiring(row, now) for row in chain(*found)]


def quota(rule: AlertRule, now: datetime) -> list[Reading]:
    used = Subquery(TokenQuota.objects.filter(token_id=OuterRef("pk")).values("used")[:1])
    limited = _tokens(rule).filter(Q(expires_at=None) | Q(expires_at__gt=now), max_requests__gt=0)
    rows = limited.annotate(used=Coalesce(used, 0)).filter(
        used__gte=F("max_requests") * (1 - rule.threshold / 100), used__lt=F("max_requests")
    )
    return [_running_out(row) for row in rows.order_by("pk")[:MOST]]


def _tokens(rule: AlertRule) -> Any:
    rows = WitheringToken.objects.listed().filter(is_active=True, project__is_active=True)
    return _within(rows.select_related("project"), rule)


def _credentials(rule: AlertRule) -> Any:
    alive = Q(project=None) | Q(project__is_active=True, project__deleted_at=None)
    return _within(Credential.objects.filter(alive, is_enabled=True).select_related("project"), rule)


def _within(rows: Any, rule: AlertRule) -> Any:
    """Names or ids, as in the list of records."""
    for column, text in (("project", rule.project), ("", rule.key)):
        if text:
            prefix = f"{column}__" if column else ""
            named = Q(**{f"{prefix}name": text})
            rows = rows.filter(named | Q(**{f"{prefix}pk": text}) if _is_id(rows, column, text) else named)
    return rows


def _is_id(rows: Any, column: str, text: str) -> bool:
    return is_uuid(text) if column or rows.model is WitheringToken else is_number(text)


def _expiring(row: Any, now: datetime) -> Reading:
    hours = (row.expires_at - now).total_seconds() / 3600
    words = _("%(key)s expires at %(moment)s UTC, in %(left)s") % {
        "key": _named(row),
        "moment": f"{row.expires_at:%Y-%m-%d %H:%M}",
        "left": _lasting(hours),
    }
    return _reading(row, hours, words)


def _running_out(row: Any) -> Reading:
    left = row.max_requests - row.used
    share = 100 * left / row.max_requests
    words = _("%(key)s has %(left)d of %(all)d requests left (%(share).0f %%)") % {
        "key": _named(row),
        "left": left,
        "all": row.max_requests,
        "share": share,
    }
    return _reading(row, share, words)


def _reading(row: Any, value: float, words: str) -> Reading:
    name = row._meta.model_name
    path = f"/admin/accounts/{name}/{row.pk}/change/"
    return Reading(words, value, begins=True, subject=f"{name}:{row.pk}", path=path)


def _named(row: Any) -> str:
    kind = _("token") if isinstance(row, WitheringToken) else _("key")
    of = _(" of project '%s'") % row.project.name if row.project else ""
    return f"{kind} '{row}' ({row.prefix}){of}"


def _lasting(hours: float) -> str:
    if hours >= 48:
        return _("%d days") % (hours // 24)
    return _("%d hours") % hours if hours >= 2 else _("%d minutes") % max(hours * 60, 1)
