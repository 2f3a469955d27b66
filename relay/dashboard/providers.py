"""How the providers are: what their breakers say, and how their calls went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from logs_app.rollups import histogram
from logs_app.statistics import divisions
from logs_app.statistics.divisions import Part
from logs_app.statistics.faults import Faults
from logs_app.statistics.periods import Overview
from proxy.admin.facts import STATES
from proxy.health import stored
from proxy.health.standing import Standing
from proxy.models import Provider
from relay.dashboard import numbers
from relay.dashboard.figures import Found

_MOODS = {"healthy": "ok", "recovering": "info", "half_open": "info", "disabled": "muted"}
_WRONG = {"open", "refused", "unusable"}


@dataclass(frozen=True, slots=True)
class Health:
    """`words` are of its breaker; the figures are empty for who may not see records. `errors` is the share of
    tries that failed and were not the caller's fault, `retried` how many of them no caller saw."""

    id: int
    name: str
    state: Any
    mood: str
    words: str
    requests: str = numbers.EMPTY
    errors: str = numbers.EMPTY
    retried: str = ""
    latency: str = numbers.EMPTY


def look(known: Found | None) -> list[Health]:
    """Those that need somebody first."""
    rows = Provider.objects.order_by("provider_key")
    measured = {} if known is None else _measured(known.overview, known.faults)
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


def _measured(overview: Overview, faults: Faults) -> dict[str, dict[str, str]]:
    """Also of who only ever failed before others answered."""
    parts = divisions.divide(overview, "provider", {"rest": "", "none": ""}, most=None)
    nothing = {name: Part(name, name, {}) for name in faults.retried}
    found = nothing | {part.value: part for part in parts}
    return {name: _figures(part, faults) for name, part in found.items()}


def _figures(part: Part, faults: Faults) -> dict[str, str]:
    retried = faults.retried.get(part.value, 0)
    failed = max(part.sums["errors"] - faults.of_callers.get(part.value, 0), 0)
    return {
        "requests": numbers.count(part.sums["requests"]),
        "errors": numbers.share(failed + retried, part.sums["requests"] + retried),
        "retried": _("%s retried") % numbers.count(retried) if retried else "",
        "latency": numbers.milliseconds(histogram.percentile(part.sums.latencies, 0.5)),
    }
