"""The page, and the parts of it that are fetched again while somebody looks at it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.ownaddress import base_url
from accounts.tokens import states
from logs_app import live, reveals
from logs_app.statistics import charts, divisions, periods
from relay.dashboard import breakdown, checklist, examples, figures, nodes, providers, tiles
from relay.dashboard.figures import Found

RANGES = {
    "1h": gettext_lazy("1 hour"),
    "24h": gettext_lazy("24 hours"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
}
DIVISIONS = {
    "": gettext_lazy("All"),
    "model": gettext_lazy("Model"),
    "provider": gettext_lazy("Provider"),
    "project": gettext_lazy("Project"),
}
# What a call that has none is counted as: a list of models asks for no model.
WITHOUT: dict[str, Any] = {
    "": "",
    "model": gettext_lazy("Without a model"),
    "provider": gettext_lazy("Without a provider"),
    "project": gettext_lazy("Without a project"),
}
USUAL = {"range": periods.USUAL, "by": "model", "at": charts.USUAL_PERCENTILE}
# Of a recorder that answers late nobody waits to hear.
IN_FLIGHT_PATIENCE_SECONDS = 0.2
Context = dict[str, Any]


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`?part=charts` and `?part=now` are what the page asks for again."""
    chosen = _chosen(request)
    may_see = request.user.has_perm("logs_app.view_logrecord")
    found = figures.of(request.user, chosen["range"]) if may_see else None
    part = request.GET.get("part")
    if part == "charts":
        return JsonResponse(_charts(found, chosen) if found else {})
    context = _now(request, chosen, found)
    if part == "now":
        return TemplateResponse(request, "relay/dashboard/live.html", context)
    context |= {
        **admin.site.each_context(request),
        "title": _("Dashboard"),
        "controls": _controls(chosen),
        "drawn": _charts(found, chosen) if found else None,
        "examples": examples.write(base_url(request)),
        "base_url": base_url(request),
    }
    return TemplateResponse(request, "relay/dashboard/index.html", context)


def _chosen(request: HttpRequest) -> dict[str, str]:
    """What the address says, as far as it makes sense."""
    known: dict[str, Any] = {"range": RANGES, "by": DIVISIONS, "at": charts.PERCENTILES}
    given = {name: request.GET.get(name, usual) for name, usual in USUAL.items()}
    return {name: value if value in known[name] else USUAL[name] for name, value in given.items()}


def _now(request: HttpRequest, chosen: dict[str, str], found: Found | None) -> Context:
    user: Any = request.user
    context: Context = {
        "chosen": chosen,
        "division": DIVISIONS[chosen["by"]],
        "checklist": checklist.look(user),
        "is_new": not checklist.has_traffic(),
        "tokens": states.of_tokens() if user.has_perm("accounts.view_witheringtoken") else None,
    }
    if found is not None:
        context |= {
            "in_flight": live.in_flight(IN_FLIGHT_PATIENCE_SECONDS),
            "tiles": tiles.of(found.overview),
            "failures": found.failures,
            # The words of an error may quote what was said.
            "may_read": reveals.is_allowed(user),
            "machines": nodes.look(),
            "rows": breakdown.rows(_parts(found, chosen), chosen["by"]),
        }
    if user.has_perm("proxy.view_provider"):
        context |= providers.counted(providers.look(found))
    return context


def _parts(found: Found, chosen: dict[str, str]) -> list[divisions.Part]:
    words = {"all": _("All"), "rest": _("Others"), "none": WITHOUT[chosen["by"]]}
    return divisions.divide(found.overview, chosen["by"], words)


def _charts(found: Found, chosen: dict[str, str]) -> Context:
    return charts.draw(found.overview, _parts(found, chosen), chosen["at"])


def _controls(chosen: dict[str, str]) -> dict[str, list[Context]]:
    """Links, so that each view has an address to share."""
    percentiles = {name: name for name in charts.PERCENTILES}
    offered: dict[str, Any] = {"range": RANGES, "by": DIVISIONS, "at": percentiles}
    return {
        name: [
            {"label": label, "link": _link(chosen | {name: value}), "is_current": chosen[name] == value}
            for value, label in choices.items()
        ]
        for name, choices in offered.items()
    }


def _link(chosen: dict[str, str]) -> str:
    return f"?range={chosen['range']}&by={chosen['by']}&at={chosen['at']}"
