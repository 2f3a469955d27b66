"""How keys and projects were used, and what is left of keys: read for a whole page, drawn in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import money, statistics
from ..secrets import rotation
from ..statistics import Statistics
from ..tokens import remaining, states
from . import drawing, sparks, words

DAYS = 7
NEARLY_GONE = 0.15
TONES = {
    "active": "ok",
    "soon": "warn",
    "used_up": "error",
    "expired": "error",
    "revoked": "muted",
    "disabled": "muted",
    "project_inactive": "muted",
}
LOGS = "admin:logs_app_logrecord_changelist"


def attach(rows: Iterable[Any]) -> list[Any]:
    """The same rows, each with its `statistics` and `days`."""
    listed = list(rows)
    found = statistics.of_keys(listed)
    used = statistics.daily(rotation.kind_of(listed[0]), [row.pk for row in listed], DAYS) if listed else {}
    for row in listed:
        row.statistics, row.days = found[row.pk], used.get(str(row.pk), [])
    return listed


class UsageColumns(admin.ModelAdmin):
    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = attach(changelist.result_list)
        return changelist

    @admin.display(description=_("state"))
    def shown_state(self, key: Any) -> Any:
        return shown_state_of(key)

    @admin.display(description=_("time left"))
    def time_left(self, key: Any) -> Any:
        return time_left_of(key)

    @admin.display(description=_("requests left"))
    def uses(self, key: Any) -> Any:
        said = ", ".join(sentence for _name, sentence in words.limits(key))
        return format_html('{}<span class="key-limits">{}</span>', uses_of(key), said)

    @admin.display(description=_("last 7 days"))
    def week(self, key: Any) -> Any:
        return week_of(key.days)

    @admin.display(description=_("last used"))
    def last_used(self, key: Any) -> Any:
        return last_used_of(key)


def statistics_of(key: Any) -> Statistics:
    """Of a row without them, on the page of one key, they are read now."""
    if not hasattr(key, "statistics"):
        attach([key])
    return key.statistics


def quiet_of(key: Any) -> str:
    """What is left of a key that does not work is no good news."""
    return "" if key.state in states.WORKING else "muted"


def left_bar(share: float, said: Any, kind: str = "") -> SafeString:
    """Of what is left; it warns when that is little."""
    return drawing.bar(share, 1, said, kind or ("warn" if share < NEARLY_GONE else "ok"))


def shown_state_of(key: Any) -> SafeString:
    return drawing.badge(TONES[key.state], words.STATES[key.state])


def last_used_of(key: Any) -> Any:
    return drawing.moment(statistics_of(key).last_used_at, gettext("never"))


def time_left_of(key: Any) -> SafeString | str:
    left = remaining.of_time(key.created_at, key.expires_at, timezone.now())
    if left is None:
        return gettext("never expires")
    said = words.duration(left.amount)
    if left.amount <= 0:
        return left_bar(0, gettext("ended %(duration)s ago") % {"duration": said}, "error")
    return left_bar(left.share, gettext("%(duration)s left") % {"duration": said}, quiet_of(key))


def uses_of(key: Any) -> SafeString | str:
    used = statistics_of(key).request_count
    if used is None:
        return gettext("unknown")
    left = remaining.of_uses(getattr(key, "max_requests", None), used)
    if left is None:
        return ngettext("%(n)s used", "%(n)s used", used) % {"n": words.number(used)}
    said = gettext("%(left)s of %(most)s left") % {
        "left": words.number(int(left.amount)),
        "most": words.number(key.max_requests),
    }
    return left_bar(left.share, said, quiet_of(key) if left.amount else "error")


def week_of(days: Sequence[Any]) -> SafeString | str:
    """A bar a day, the requests and what they cost."""
    if not days:
        return "–"
    spent = statistics.total(days)
    said = requests(spent.requests)
    cost = money.shown(spent.cost_nanos) if spent.cost_nanos is not None else ""
    return format_html(
        '<span class="week">{}<span class="week-words">{}</span></span>',
        sparks.spark([day.requests for day in days], said),
        format_html("{}<br>{}", said, cost) if cost else said,
    )


def requests(count: int) -> str:
    return ngettext("%(n)s request", "%(n)s requests", count) % {"n": words.number(count)}


def logs_url(**filters: Any) -> str:
    return f"{reverse(LOGS)}?" + "&".join(f"{name}={value}" for name, value in filters.items())
