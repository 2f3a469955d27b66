"""How the providers are: what their breakers say, and how their calls went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logs_app.rollups import histogram
from logs_app.statistics import divisions
from logs_app.statistics.periods import Overview
from proxy.admin.facts import STATES
from proxy.health import stored
from proxy.health.standing import Standing
from proxy.models import Provider
from relay.dashboard import numbers

_MOODS = {"healthy": "ok", "recovering": "info", "half_open": "info", "disabled": "muted"}
_WRONG = {"open", "refused", "unusable"}


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
    rows = Provider.objects.order_by("provider_key")
    measured = {} if overview is None else _measured(overview)
    found = [_health(row, stands, measured) for row, stands in zip(rows, stored.of(rows), strict=True)]
    order = ["error", "warn", "info", "ok", "muted"]
    return sorted(found, key=lambda health: order.index(health.mood))


def counted(found: list[Health]) -> dict[str, Any]:
    """For the page: also how many get calls, and how many of these are as they should be."""
    enabled = [health for health in found if health.mood != "muted"]
    well = [health for health in enabled if health.mood in ("ok", "info")]
    return {"providers": found, "providers_enabled": len(enabled), "providers_well": len(well)}


def _health(row: Provider, found: Standing, measured: dict[str, dict[str, str]]) -> Health:
    mood = _MOODS.get(found.status, "error" if found.status in _WRONG else "warn")
    figures = measured.get(row.provider_key, {})
    return Health(row.pk, row.provider_key, STATES[found.status], mood, found.words, **figures)


def _measured(overview: Overview) -> dict[str, dict[str, str]]:
    return {
        part.value: {
            "requests": numbers.count(part.sums["requests"]),
            "errors": numbers.share(part.sums["errors"], part.sums["requests"]),
            "latency": numbers.milliseconds(histogram.percentile(part.sums.latencies, 0.5)),
        }
        for part in divisions.divide(overview, "provider", {"rest": "", "none": ""}, most=None)
    }
