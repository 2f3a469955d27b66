"""Columns that tell how keys were used: read for a whole page at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from .. import statistics
from ..statistics import Statistics

STATUS_LABELS = {
    "active": _("active"),
    "disabled": _("disabled"),
    "revoked": _("revoked"),
    "expired": _("expired"),
    "project_inactive": _("project inactive"),
    "used_up": _("used up"),
}


def attach(rows: Iterable[Any]) -> list[Any]:
    """The same rows, each with its `statistics`."""
    listed = list(rows)
    found = statistics.of_keys(listed)
    for row in listed:
        row.statistics = found[row.pk]
    return listed


class UsageColumns(admin.ModelAdmin):
    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = attach(changelist.result_list)
        return changelist

    @admin.display(description=_("status"))
    def status(self, key: Any) -> Any:
        return STATUS_LABELS[status_of(key)]

    @admin.display(description=_("requests"))
    def uses(self, key: Any) -> Any:
        return uses_of(key)

    @admin.display(description=_("last used"))
    def last_used(self, key: Any) -> Any:
        moment = statistics_of(key).last_used_at
        return date_format(localtime(moment), "DATETIME_FORMAT") if moment else _("never")


def statistics_of(key: Any) -> Statistics:
    """Of a row without them, on the page of one key, they are read now."""
    if not hasattr(key, "statistics"):
        attach([key])
    return key.statistics


def status_of(key: Any) -> str:
    """The model's status, and whether a quota has nothing left."""
    is_used_up = key.status == "active" and left_of(key) == 0
    return "used_up" if is_used_up else key.status


def left_of(key: Any) -> int | None:
    """None: there is no quota."""
    most = getattr(key, "max_requests", None)
    return max(0, most - statistics_of(key).request_count) if most else None


def uses_of(key: Any) -> Any:
    used, left = statistics_of(key).request_count, left_of(key)
    if used is None:
        return _("unknown")
    if left is None:
        return str(used)
    return _("%(left)d of %(most)d left") % {"left": left, "most": key.max_requests}
