"""Amounts as people have them, and as the database keeps them: US dollars and whole nano dollars."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

PLACES = 9
NANOS = 10**PLACES
LARGEST_DOLLARS = 1_000_000_000


def nanos(dollars: str) -> int:
    """ "2.50" → 2_500_000_000. Raises ValueError, saying why, for what is no amount."""
    try:
        amount = Decimal(dollars)
    except InvalidOperation:
        raise ValueError(_("%(dollars)r is no amount of dollars") % {"dollars": dollars}) from None
    if not amount.is_finite() or not 0 <= amount <= LARGEST_DOLLARS:
        raise ValueError(
            _("%(dollars)r is not between 0 and %(most)s dollars")
            % {"dollars": dollars, "most": LARGEST_DOLLARS}
        )
    scaled = amount.scaleb(PLACES)
    if scaled != int(scaled):
        raise ValueError(
            _("%(dollars)r has more than %(most)s decimal places") % {"dollars": dollars, "most": PLACES}
        )
    return int(scaled)


def dollars(amount: int | None) -> str | None:
    """2_500_000_000 → "2.5", without an exponent and without idle zeros."""
    if amount is None:
        return None
    text = f"{Decimal(amount).scaleb(-PLACES):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(amount: int | None, is_estimated: bool = False) -> str:
    """A column's worth of a price: cents as people read them, and of less the two digits that tell."""
    if amount is None:
        return "–"
    value = Decimal(amount).scaleb(-PLACES)
    places = 2 if value >= 1 or not amount else min(PLACES, max(4, 1 - value.adjusted()))
    return f"{'≈ ' if is_estimated else ''}${value:,.{places}f}"
