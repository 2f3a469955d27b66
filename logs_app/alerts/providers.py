"""How the providers stand on this machine. The records know nothing of it: the settings name who reads it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from logs_app.alerts.reading import Reading
from logs_app.models import AlertRule

PAGE = "/admin/proxy/provider/"
# Statuses between these two, such as being tried again, neither begin an alert nor end it.
SET_ASIDE = frozenset(("open", "refused", "unusable"))
WELL = frozenset(("healthy", "recovering", "disabled"))


def providers(rule: AlertRule, now: datetime) -> list[Reading]:
    """By machine: without Redis each has its own opinion."""
    read = import_string(settings.PROVIDER_STANDING_READER)
    return [
        Reading(
            _("provider '%(name)s': %(words)s") % {"name": key, "words": words.rstrip(".")},
            begins=status in SET_ASIDE,
            ends=status in WELL,
            subject=key,
            node=settings.NODE_ID,
            path=f"{PAGE}?{urlencode({'q': key})}",
        )
        for key, (status, words) in read().items()
        if not rule.provider or rule.provider == key
    ]
