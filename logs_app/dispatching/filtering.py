"""Which events a dispatcher is for: the filters of a list of records, except those of its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from logs_app.events import feed
from logs_app.events.feed import Narrow
from logs_app.finding.filters import RecordFilters

# Where it begins is the subscriber's; the search index may know a record later than its dispatcher.
EXCLUDED = frozenset({"since", "until", "search", "request_id"})
NAMES = [str(name) for name in RecordFilters().fields if name not in EXCLUDED]


class BadFilter(ValueError):
    """In words."""


def narrow(given: Mapping[str, Any]) -> Narrow:
    if not given:
        return feed.everything
    if unknown := sorted(given.keys() - set(NAMES)):
        raise BadFilter(
            _("There is no filter %(names)s: one of %(known)s.")
            % {"names": ", ".join(unknown), "known": ", ".join(NAMES)}
        )
    filters = RecordFilters.given({name: _text(value) for name, value in given.items()})
    try:
        filters.is_valid(raise_exception=True)
    except ValidationError as error:
        detail = error.detail if isinstance(error.detail, dict) else {}
        raise BadFilter(" ".join(f"{name}: {' '.join(map(str, detail[name]))}" for name in detail)) from None
    return filters.narrow


def _text(value: Any) -> str:
    """As a query string would say it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
