"""What list and page of the providers say of each: how it is, what it should get of the calls, what it got.

Read for all of them at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin import drawing, words
from logs_app.admin.drawing import duration
from logs_app.statistics import spent as spending
from logs_app.statistics.spent import NOTHING, Spent

from ..api.providers import count_extra
from ..health import stored
from ..health.standing import Standing
from ..models import Provider

STATES = {
    "healthy": gettext_lazy("well"),
    "failing": gettext_lazy("failing"),
    "resting": gettext_lazy("resting"),
    "open": gettext_lazy("left out"),
    "half_open": gettext_lazy("tried again"),
    "recovering": gettext_lazy("recovering"),
    "refused": gettext_lazy("key refused"),
    "unusable": gettext_lazy("cannot be used"),
    "disabled": gettext_lazy("disabled"),
}
KINDS = {
    "healthy": "ok",
    "failing": "warn",
    "resting": "warn",
    "open": "error",
    "half_open": "warn",
    "recovering": "warn",
    "refused": "error",
    "unusable": "error",
    "disabled": "muted",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`due` is its share by weight among those of its priority, None when it gets no calls; one on standby
    gets them only while nobody of a priority before it can take them. `got` is its share of all calls of the
    last 24 hours, None when there were none."""

    provider: Provider
    standing: Standing
    due: float | None
    got: float | None
    spent: Spent
    is_standby: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say but that it is well, or switched off."""
        status = self.standing.status
        return status == "disabled" or (status == "healthy" and not self.standing.refused_keys)

    @property
    def words(self) -> str:
        """A sentence about how it is; empty where the state says it all."""
        return "" if self.is_quiet else self.standing.words

    @property
    def state(self) -> SafeString:
        status = self.standing.status
        return drawing.badge(KINDS[status], STATES[status])

    @property
    def due_bar(self) -> SafeString | str:
        if self.due is None:
            return _("gets no calls")
        said = _("standby, %(share)s of priority %(n)d") if self.is_standby else _("%(share)s by weight")
        said %= {"share": percent(self.due), "n": self.provider.priority}
        return drawing.bar(self.due, 1, said, "muted")

    @property
    def got_bar(self) -> SafeString | str:
        if self.got is None:
            return _("no calls in 24 h")
        said = _("%(share)s received") % {"share": percent(self.got)}
        return drawing.bar(self.got, 1, said, "info")

    @property
    def times(self) -> str:
        if self.spent.p50_ms is None:
            return "–"
        return f"p50 {duration(self.spent.p50_ms)}, p95 {duration(self.spent.p95_ms)}"

    @property
    def requests(self) -> str:
        said = ngettext("%(n)s request", "%(n)s requests", self.spent.requests)
        return said % {"n": words.number(self.spent.requests)}

    @property
    def errors(self) -> str:
        if not self.spent.errors:
            return ""
        said = ngettext("%(n)s failed", "%(n)s failed", self.spent.errors)
        return said % {"n": words.number(self.spent.errors)}

    @property
    def keys(self) -> str:
        if self.provider.api_key_env:
            return _("from %(name)s") % {"name": self.provider.api_key_env}
        state = self.provider.api_key_state
        if state == "unreadable":
            return _("unreadable: enter it again")
        count = (state == "set") + count_extra(self.provider)
        return ngettext("%(n)d key", "%(n)d keys", count) % {"n": count} if count else _("no key")

    @property
    def refused(self) -> str:
        count = self.standing.refused_keys
        return ngettext("%(n)d refused", "%(n)d refused", count) % {"n": count} if count else ""


def of(providers: Sequence[Provider]) -> list[Facts]:
    enabled = list(Provider.objects.filter(is_enabled=True, weight__gt=0))
    due, spent = shares(enabled), _spent()
    first = min((row.priority for row in enabled), default=0)
    total = sum(each.requests for each in spent.values())
    found = []
    for row, stands in zip(providers, stored.of(providers), strict=True):
        used = spent.get(row.provider_key, NOTHING)
        got = used.requests / total if total else None
        is_standby = row.priority > first
        found.append(Facts(row, stands, due.get(row.pk), got, used, is_standby))
    return found


def shares(providers: Sequence[Provider]) -> dict[int, float]:
    """By id: the part of the weight of all with the same priority."""
    totals: dict[int, int] = defaultdict(int)
    for row in providers:
        totals[row.priority] += row.weight
    return {row.pk: row.weight / totals[row.priority] for row in providers}


def _spent() -> dict[str, Spent]:
    """Of all names, for the whole is asked for too. Failure policy: without the records nothing was used."""
    try:
        return spending.lately("provider", Provider.objects.values_list("provider_key", flat=True))
    except DatabaseError:
        return {}


def percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.01 or not share else "< 1 %"


def state_cell(facts: Facts) -> SafeString:
    return format_html('{}<span class="provider-words">{}</span>', facts.state, facts.words)
