"""The filters above the list of records: those of the API, kept in the address and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from logs_app.finding.filters import RecordFilters
from logs_app.finding.moments import moment
from logs_app.models import Outcome, Series

SEARCH = "q"
PAGE = "p"
MOST_CHOICES = 50
NEWEST_SERIES = 2000
YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]
RELATIVE = [
    ("15m", _("15 minutes")),
    ("1h", _("1 hour")),
    ("24h", _("24 hours")),
    ("7d", _("7 days")),
    ("30d", _("30 days")),
]
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "since": RELATIVE,
    "outcome": list(Outcome.choices),
    "status": [("2xx", "2xx"), ("3xx", "3xx"), ("4xx", "4xx"), ("5xx", "5xx")],
    "stream": YES_OR_NO,
    "cached": YES_OR_NO,
}
# Whose values are those that the sums are kept by, which are few: no look at the records.
SEEN = {"project": "project", "key": "key_name", "model": "model", "provider": "provider"}
FIRST = ("outcome", "model", "provider", "project", "key")
MOMENTS = ("since", "until")
TITLES = {
    SEARCH: _("search"),
    "since": _("from (UTC)"),
    "until": _("until (UTC)"),
    "project": _("project"),
    "key": _("key"),
    "key_prefix": _("beginning of the key"),
    "model": _("model"),
    "provider": _("provider"),
    "path": _("path"),
    "endpoint": _("endpoint"),
    "status": _("status"),
    "outcome": _("outcome"),
    "stream": _("streaming"),
    "cached": _("from cache"),
    "tag": _("tag"),
    "session": _("session"),
    "user": _("end user"),
    "client_ip": _("client address"),
    "min_latency_ms": _("latency from (ms)"),
    "max_latency_ms": _("latency up to (ms)"),
    "min_tokens": _("tokens from"),
    "min_cost": _("cost from (USD)"),
    "min_attempts": _("attempts from"),
    "fingerprint": _("prompt fingerprint"),
    "error_code": _("error code"),
    "search": _("words"),
    "request_id": _("request id"),
}
PRESETS: list[tuple[str, Any, dict[str, str]]] = [
    ("circle-x", _("Errors"), {"outcome": "failed"}),
    ("timer", _("Slow"), {"min_latency_ms": "10000"}),
    ("rotate-cw", _("Tried again"), {"min_attempts": "2"}),
    ("coins", _("Expensive"), {"min_cost": "0.05"}),
    ("clock", _("Last hour"), {"since": "1h"}),
    ("zap", _("Streams"), {"stream": "true"}),
    ("database", _("From the cache"), {"cached": "true"}),
]


@dataclass(slots=True)
class Field:
    name: str
    title: Any
    value: str
    choices: list[tuple[str, Any]] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)  # any other may be typed
    kind: str = "text"
    help: str = ""


@dataclass(slots=True)
class Link:
    """A preset, or a filter that is on and where the list is without it."""

    title: Any
    query: str
    icon: str = ""
    value: Any = ""
    is_on: bool = False


def usable(query: QueryDict) -> tuple[QueryDict, list[str]]:
    """Without what is empty or makes no sense, and why something was left out."""
    given = QueryDict(mutable=True)
    for name, values in query.lists():
        if value := next((str(text) for text in reversed(values) if str(text).strip()), ""):
            given[name] = value
    filters = RecordFilters.among(texts(given))
    reasons = []
    if not filters.is_valid():
        for name, errors in filters.errors.items():
            reasons.append(f"{TITLES.get(name, name)}: {' '.join(map(str, errors))}")
            given.pop(name, None)
    return given, reasons


def texts(query: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}


def of(request: HttpRequest) -> dict[str, Any]:
    """For the template."""
    given = request.GET
    known = seen()
    fields = [_field(str(name), given, known) for name in RecordFilters().fields if name != "search"]
    return {
        "first": [_span(given), *(each for name in FIRST for each in fields if each.name == name)],
        "more": [each for each in fields if each.name not in FIRST],
        "chips": chips(given),
        "presets": [_preset(given, *preset) for preset in PRESETS],
    }


def chips(given: QueryDict) -> list[Link]:
    return [
        Link(
            _("time") if value in dict(RELATIVE) else TITLES[name],
            _without(given, name),
            value=dict(CHOICES.get(name, [])).get(value, value),
        )
        for name, value in texts(given).items()
        if name in TITLES
    ]


def _span(given: QueryDict) -> Field:
    """How far back; a moment is chosen among the other filters."""
    return Field("since", _("time"), given.get("since", ""), RELATIVE)


def _field(name: str, given: QueryDict, seen: Mapping[str, list[str]]) -> Field:
    filter = RecordFilters().fields[name]
    value, help = given.get(name, ""), str(filter.help_text or "").replace("`", "")
    if name in MOMENTS:
        return Field(name, TITLES[name], _as_picked(value), kind="moment", help=help)
    choices = list(CHOICES.get(name, []))
    if choices and value and value not in (key for key, _title in choices):
        choices.append((value, value))
    is_number = isinstance(
        filter, serializers.FloatField | serializers.IntegerField | serializers.DecimalField
    )
    kind = "number" if is_number else "text"
    return Field(name, TITLES[name], value, choices, seen.get(name, []), kind, help)


def _as_picked(text: str) -> str:
    """A moment as a date picker has it; a span such as 24h is chosen elsewhere."""
    if not text or text in dict(RELATIVE):
        return ""
    return moment(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _preset(given: QueryDict, icon: str, title: Any, wanted: Mapping[str, str]) -> Link:
    """A link that adds it to the other filters, or takes it away."""
    is_on = all(given.get(name) == value for name, value in wanted.items())
    query = given.copy()
    query.pop(PAGE, None)
    for name, value in wanted.items():
        query.pop(name, None)
        if not is_on:
            query[name] = value
    return Link(title, f"?{query.urlencode()}", icon=icon, is_on=is_on)


def _without(given: QueryDict, name: str) -> str:
    query = given.copy()
    query.pop(name, None)
    query.pop(PAGE, None)
    return f"?{query.urlencode()}"


def seen() -> dict[str, list[str]]:
    """Values to choose from, by the name of a filter: those that came up last."""
    rows = list(Series.objects.order_by("-pk").values_list(*SEEN.values())[:NEWEST_SERIES])
    values = {name: dict.fromkeys(row[place] for row in rows) for place, name in enumerate(SEEN)}
    return {
        name: sorted([value for value in known if value][:MOST_CHOICES]) for name, known in values.items()
    }
