"""Times, limits and states of keys as people say them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

STATES = {
    "active": gettext_lazy("active"),
    "soon": gettext_lazy("ends soon"),
    "used_up": gettext_lazy("used up"),
    "expired": gettext_lazy("expired"),
    "revoked": gettext_lazy("revoked"),
    "disabled": gettext_lazy("disabled"),
    "project_inactive": gettext_lazy("blocked by project"),
}
# What to do about it, for somebody who looks for why a key is refused.
REASONS = {
    "active": gettext_lazy("It works."),
    "soon": gettext_lazy("It works, but not for long. Give it more time or requests, or make another one."),
    "used_up": gettext_lazy("It is refused: all its requests are used. Allow more, or make another one."),
    "expired": gettext_lazy("It is refused: its time is over. Extend it, or make another one."),
    "revoked": gettext_lazy("It is refused: somebody revoked it. It can be made active again."),
    "disabled": gettext_lazy("It is refused: somebody switched it off. It can be switched on again."),
    "project_inactive": gettext_lazy("It is refused: its project is not active."),
}  # fmt: skip


def duration(seconds: float) -> str:
    """The two largest units at most: 3 d 4 h, 2 h, 5 min."""
    minutes, rest = divmod(int(abs(seconds)), 60)
    if minutes < 1:
        return _("%(n)d s") % {"n": rest}
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _days(days, hours)
    if hours:
        said = _("%(n)d h") % {"n": hours}
        return said + (" " + _("%(n)d min") % {"n": minutes} if minutes and hours < 10 else "")
    return _("%(n)d min") % {"n": minutes}


def end(key: Any) -> str:
    """When a key ends by itself."""
    moment = key.expires_at and date_format(localtime(key.expires_at), "DATETIME_FORMAT")
    said = _("Works until %(moment)s") % {"moment": moment} if moment else _("Never expires")
    if most := getattr(key, "max_requests", None):
        said += ", " + ngettext("%(n)s request in all", "%(n)s requests in all", most) % _n(most)
    return said


def _days(days: int, hours: int) -> str:
    said = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    return said + (" " + _("%(n)d h") % {"n": hours} if hours and days < 3 else "")


def number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def limits(row: Any) -> Iterator[tuple[str, str]]:
    """Each limit of a key or project by the name of its field, as a sentence without an end."""
    if (most := row.rate_limit) is not None:
        yield "rate_limit", ngettext("%(n)s request a second", "%(n)s requests a second", most) % _n(most)
    if (most := row.rate_limit_per_minute) is not None:
        words = ngettext("%(n)s request a minute", "%(n)s requests a minute", most) % _n(most)
        yield "rate_limit_per_minute", words
    if (most := row.tokens_per_minute) is not None:
        words = ngettext("%(n)s model token a minute", "%(n)s model tokens a minute", most) % _n(most)
        yield "tokens_per_minute", words
    if (most := row.max_concurrent_streams) is not None:
        words = ngettext("%(n)s stream at once", "%(n)s streams at once", most) % _n(most)
        yield "max_concurrent_streams", words


def _n(value: int) -> dict[str, str]:
    return {"n": number(value)}


def policy(rules: Mapping[str, Any]) -> Iterator[str]:
    """What a policy lets pass, a sentence for each of its members."""
    if given := rules.get("allowed_endpoints"):
        yield _("Only these endpoints: %(list)s.") % _listed(given)
    if given := rules.get("allowed_methods"):
        yield _("Only these methods: %(list)s.") % _listed(given)
    if given := rules.get("required_headers"):
        yield _("A call must bring these headers: %(list)s.") % _listed(given)
    if given := rules.get("allowed_origins"):
        yield _("Web pages may call only from: %(list)s.") % _listed(given)
    for name, values in (rules.get("param_whitelist") or {}).items():
        yield _("The parameter %(name)s may be: %(list)s.") % ({"name": name} | _listed(values))


def _listed(values: Iterable[Any]) -> dict[str, str]:
    return {"list": ", ".join(map(str, values))}
