"""Figures as people read them at a glance."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts import money

EMPTY = "–"
_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def decimal(value: float | Decimal, places: int) -> str:
    """Rounded: Django cuts off."""
    return number_format(round(Decimal(value), places), places, force_grouping=True)


def count(number: int) -> str:
    """Whole up to 99 999, then three digits: 1.23 M."""
    if number < 100_000:
        return decimal(number, 0)
    unit, letter = next((unit, letter) for unit, letter in _UNITS if number >= unit)
    value = number / unit
    places = 2 if value < 10 else 1 if value < 100 else 0
    return f"{decimal(value, places)} {letter}"


def share(part: int, whole: int) -> str:
    """Never rounded up to 100 %, nor down to 0: one failure of a million is one."""
    if not whole:
        return EMPTY
    percent = part / whole * 100
    places = 0 if percent in (0, 100) else 1 if 1 <= percent <= 99 else 2
    shown = round(percent, places)
    if shown == 100 and part < whole:
        return f"> {decimal(99.99, 2)} %"
    if shown == 0 and part:
        return f"< {decimal(0.01, 2)} %"
    return f"{decimal(shown, places)} %"


def milliseconds(value: float | None) -> str:
    if value is None:
        return EMPTY
    if value >= 60_000:
        return _("%s min") % decimal(value / 60_000, 1)
    if value >= 1000:
        return f"{decimal(value / 1000, 2 if value < 10_000 else 1)} s"
    return f"{decimal(value, 0 if value >= 100 else 1)} ms"


def dollars(nanos: int | None) -> str:
    """Cents, and of less than a dollar two digits that tell."""
    if nanos is None:
        return EMPTY
    amount = Decimal(nanos).scaleb(-money.PLACES)
    if amount >= 1000:
        return f"${decimal(amount, 0)}"
    places = 2 if amount >= 1 or not nanos else min(money.PLACES, max(2, 1 - amount.adjusted()))
    return f"${decimal(amount, places)}"
