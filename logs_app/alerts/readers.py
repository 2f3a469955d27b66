"""Which kind of alert is read by whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from logs_app.alerts import keys, providers, spend, traffic
from logs_app.alerts.reading import Reading
from logs_app.models import AlertRule
from logs_app.models.alerts import Kind

READERS: dict[str, Callable[[AlertRule, datetime], list[Reading]]] = {
    Kind.ERROR_RATE: traffic.error_rate,
    Kind.LATENCY: traffic.latency,
    Kind.SPEND: spend.spend,
    Kind.PROVIDER: providers.providers,
    Kind.EXPIRY: keys.expiry,
    Kind.QUOTA: keys.quota,
}


def read(rule: AlertRule, now: datetime) -> list[Reading]:
    return READERS[rule.kind](rule, now)
