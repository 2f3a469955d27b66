"""How the providers are: what their breakers say, and how their calls went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from logs_app.rollups import histogram
from logs_app.statistics import divisions
from logs_app.statistics.periods import Overview
from proxy.admin.facts import STATES
from proxy.api.providers import rules
from proxy.configuration import rows
from proxy.health import standing
from proxy.models import Provider
from relay.dashboard import numbers

_MOODS = {"healthy": "ok", "recovering": "info", "half_open": "info", "disabled": "muted"}
_WRONG = {"open", "refused"}


@dataclass(frozen=True, slots=True)
class Health:
    """`words` are of its breaker; the figures are empty for who may not see records."""

    id: int
    name: str
    state: Any
    mood: str
    words: str
    requests: str = numbers.EMPTY
    errors: str = numbers.EMPTY
    latency: str = numbers.EMPTY


def look(overview: Overview | None) -> list[Health]:
    """Those that need somebody first."""
    held = rules()
    measured = {} if overview is None else _measured(overview)
    found = [_health(row, held, measured) for row in Provider.objects.order_by("provider_key")]
    order = ["error", "warn", "info", "ok", "muted"]
    return sorted(found, key=lambda health: order.index(health.mood))


def counted(found: list[Health]) -> dict[str, Any]:
    """For the page: also how many get calls, and how many of these are as they should be."""
    enabled = [health for health in found if health.mood != "muted"]
    well = [health for health in enabled if health.mood in ("ok", "info")]
    return {"providers": found, "providers_enabled": len(enabled), "providers_well": len(well)}


def _health(row: Provider, held: Any, measured: dict[str, dict[str, str]]) -> Health:
    provider = rows.provider_of(row) if row.is_enabled else None
    found = standing.of(provider, held)
    mood = _MOODS.get(found.status, "error" if found.status in _WRONG else "warn")
    if provider is not None and provider.error:
        return Health(row.pk, row.provider_key, STATES["open"], "error", provider.error)
    if mood == "ok" and not has_key(row) and row.provider_key not in measured:
        words = _("No call has gone there lately, and it has no API key. One that needs none is ready.")
        return Health(row.pk, row.provider_key, _("no key yet"), "warn", words)
    figures = measured.get(row.provider_key, {})
    return Health(row.pk, row.provider_key, STATES[found.status], mood, found.words, **figures)


def has_key(row: Provider) -> bool:
    return bool(row.api_key_env) or row.api_key_state == "set"


def _measured(overview: Overview) -> dict[str, dict[str, str]]:
    return {
        part.value: {
            "requests": numbers.count(part.sums["requests"]),
            "errors": numbers.share(part.sums["errors"], part.sums["requests"]),
            "latency": numbers.milliseconds(histogram.percentile(part.sums.latencies, 0.5)),
        }
        for part in divisions.divide(overview, "provider", {"rest": "", "none": ""}, most=None)
    }
