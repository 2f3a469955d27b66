"""What a call costs, line by line: rate times quantity, and what the provider's cache saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accounts import money
from logs_app.models import LogRecord
from logs_app.pricing import Book, charging
from logs_app.pricing.charging import QUANTITIES
from logs_app.pricing.rates import MILLION, Quantities, Rates, lines


@dataclass(frozen=True, slots=True)
class Line:
    """`rate` in dollars, for `per` of what is counted."""

    name: str
    quantity: int | float
    rate: str
    per: int
    amount: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    lines: list[Line]
    total: str | None  # as the record has it
    saved: str | None  # by the provider's cache, or, where the answer is a stored one, by ours
    how: str  # known, own, billed, changed, unknown, free


def of(record: LogRecord, book: Callable[[], Book]) -> Breakdown:
    """Of a price of the lane's or the provider's own bill only the sum is known."""
    total = money.dollars(record.cost_nanos)
    if record.is_cached:
        saved = record.saved_cost_nanos
        return Breakdown([], total, None if saved is None else _dollars(saved), "free")
    if record.price_version in (charging.OWN, charging.BILLED):
        return Breakdown([], total, None, record.price_version)
    columns = record.__dict__
    rates = charging.rates_for(columns, book(), record.created_at)
    if rates is None:
        return Breakdown([], total, None, "unknown")
    used = Quantities(**{name: columns[column] for column, name in QUANTITIES.items()})
    how = "known" if rates.version == record.price_version else "changed"
    return Breakdown(_lines(rates, used), total, _saved(rates, used), how)


def _lines(rates: Rates, used: Quantities) -> list[Line]:
    return [
        Line(charge.name, charge.quantity, _dollars(charge.rate), MILLION // charge.weight, _amount(charge))
        for charge in lines(rates, used)
        if charge.rate is not None and charge.quantity
    ]


def _amount(charge: Any) -> str:
    return _dollars(round(Fraction(charge.quantity) * charge.rate * charge.weight / MILLION))


def _saved(rates: Rates, used: Quantities) -> str | None:
    if not used.cached or rates.input is None or rates.cached_input is None:
        return None
    return _dollars(round(Fraction(used.cached * (rates.input - rates.cached_input), MILLION)))


def _dollars(nanos: int) -> str:
    return f"${money.dollars(nanos)}" if nanos >= 0 else f"−${money.dollars(-nanos)}"
