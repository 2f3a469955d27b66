"""What an alert would say now, for whoever sets it up. Nothing is changed by it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from logs_app.alerts import message, readers, telling
from logs_app.alerts.reading import Reading
from logs_app.models import AlertRule

BEGINS, STAYS, ENDS = "begins", "stays", "is over"
VERDICTS = (BEGINS, STAYS, ENDS)


def findings(rule: AlertRule) -> list[dict[str, Any]]:
    return [_shown(reading) for reading in readers.read(rule, timezone.now())]


def send(rule: AlertRule) -> tuple[list[str], str]:
    """Who was reached, and why others were not."""
    now = timezone.now()
    seen = readers.read(rule, now)
    words = "; ".join(reading.words for reading in seen[:3]) or _("there is nothing to be seen")
    path = seen[0].path if seen else f"/admin/logs_app/alertrule/{rule.pk}/change/"
    test = message.Message(f"alert_test_{rule.pk}_{now.timestamp():.6f}", "test", rule, words, path, now)
    reached, error = telling.tell(test)
    return reached.split(), error


def _shown(reading: Reading) -> dict[str, Any]:
    return {
        "subject": reading.subject,
        "value": reading.value,
        "words": reading.words,
        "verdict": BEGINS if reading.begins else ENDS if reading.ends else STAYS,
        "link": f"{message.base_url()}{reading.path}",
    }
