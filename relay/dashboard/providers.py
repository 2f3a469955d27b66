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
from proxy.api.providers import rules
from proxy.configuration import rows
from proxy.health import standing
from proxy.models import Provider
from relay.dashboard import numbers
from relay.dashboard.figures import Found

_MOODS = {"healthy": "ok", "recovering": "info", "half_open": "info", "disabled": "muted"}
_WRONG = {"open", "refused"}


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
    held = rules()
    measured = {} if known is None else _measured(known.overview, known.faults)
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
