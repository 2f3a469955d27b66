"""How values look on a page of the admin."""

from __future__ import annotations

from decimal import Decimal

from logs_app.pricing import money

EMPTY = "–"


def duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return EMPTY
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"


def dollars(nanos: int | None, is_estimated: bool = False) -> str:
    """A column's worth of a price: cents as people read them, and of less the two digits that tell."""
    if nanos is None:
        return EMPTY
    amount = Decimal(nanos).scaleb(-money.PLACES)
    places = 2 if amount >= 1 or not nanos else min(money.PLACES, max(4, 1 - amount.adjusted()))
    return f"{'≈ ' if is_estimated else ''}${amount:,.{places}f}"
