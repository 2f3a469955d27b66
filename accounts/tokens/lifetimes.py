"""When a new token withers, from the ways of saying so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from ..errors import Invalid

MAX_MINUTES = 525_600
UNIT_MINUTES = {"duration_minutes": 1, "duration_hours": 60}
WAYS = (*UNIT_MINUTES, "expires_at")


def end_of(given: Mapping[str, Any]) -> datetime | None:
    """`given` holds what was said of `duration_minutes`, `duration_hours` and `expires_at`.

    Only null means never; nothing at all means DEFAULT_TOKEN_LIFETIME.
    """
    said = {way: given[way] for way in WAYS if way in given}
    values = {way: value for way, value in said.items() if value is not None}
    if len(values) > 1:
        raise Invalid(_("Give only one of %(names)s.") % {"names": ", ".join(values)}, field=list(values)[-1])
    if not said:
        return _default()
    for way, value in values.items():
        return _moment(value) if way == "expires_at" else _after(way, value)
    return None


def _default() -> datetime | None:
    lifetime = settings.DEFAULT_TOKEN_LIFETIME
    return None if lifetime is None else timezone.now() + lifetime


def _after(way: str, amount: int) -> datetime:
    minutes = amount * UNIT_MINUTES[way]
    if not 1 <= minutes <= MAX_MINUTES:
        most = MAX_MINUTES // UNIT_MINUTES[way]
        raise Invalid(
            _("A token lives for 1 to %(most)s %(unit)s.")
            % {"most": most, "unit": way.removeprefix("duration_")},
            field=way,
        )
    return timezone.now() + timedelta(minutes=minutes)


def _moment(moment: datetime) -> datetime:
    if timezone.is_naive(moment):
        raise Invalid(_("The time needs a zone, such as 2030-01-31T12:00:00Z."), field="expires_at")
    if moment <= timezone.now():
        raise Invalid(_("This moment has passed."), field="expires_at")
    return moment
