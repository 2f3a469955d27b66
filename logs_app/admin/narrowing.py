"""The filters of the records' list: those of the API. The sidebar has those with few values to choose from,
the address takes all of them (`?session=…`).
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from logs_app.filters import RecordFilters
from logs_app.models import Outcome, Series

MOST_CHOICES = 20
NEWEST_SERIES = 2000
YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "since": [
        ("15m", _("15 minutes")),
        ("1h", _("1 hour")),
        ("24h", _("24 hours")),
        ("7d", _("7 days")),
        ("30d", _("30 days")),
    ],
    "outcome": list(Outcome.choices),
    "status": [("2xx", "2xx"), ("3xx", "3xx"), ("4xx", "4xx"), ("5xx", "5xx")],
    "stream": YES_OR_NO,
    "cached": YES_OR_NO,
}
# Whose values are those that the sums are kept by, which are few: no look at the records.
SEEN = {"project": "project", "key": "key_name", "model": "model", "provider": "provider"}
TITLES = {"since": _("time"), "stream": _("streaming"), "cached": _("from cache"), "user": _("end user")}


class Narrowing(admin.SimpleListFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        name = str(self.parameter_name)
        choices = list(CHOICES.get(name) or _seen(request, name))
        chosen = self.value()
        if chosen and chosen not in (value for value, _title in choices):
            choices.append((chosen, chosen))
        return choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        try:
            return RecordFilters.given({str(self.parameter_name): self.value() or ""}).narrow(queryset)
        except ValidationError as error:
            raise IncorrectLookupParameters from error


def filters() -> list[Any]:
    first = [*CHOICES, *SEEN]
    others = (str(name) for name in RecordFilters().fields if name not in (*first, "search"))
    return [_narrowing(name) for name in (*first, *others)]


def _narrowing(name: str) -> type[Narrowing]:
    title = TITLES.get(name, name.replace("_", " "))
    return type(f"{name.title()}Narrowing", (Narrowing,), {"parameter_name": name, "title": title})


def _seen(request: HttpRequest, name: str) -> list[tuple[str, str]]:
    if name not in SEEN:
        return []
    rows: Any = getattr(request, "seen_series", None)
    if rows is None:
        newest = Series.objects.order_by("-pk").values_list(*SEEN.values())[:NEWEST_SERIES]
        rows = request.seen_series = list(newest)  # type: ignore[attr-defined]
    place = list(SEEN).index(name)
    values = sorted({row[place] for row in rows} - {""})
    return [(value, value) for value in values[:MOST_CHOICES]]
