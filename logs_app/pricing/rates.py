"""What a call costs: exact arithmetic on whole nano USD, no database and no floating point."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from fractions import Fraction
from typing import Any

MILLION = 1_000_000
LARGEST_COST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano USD: per million tokens, per million characters, per image, per second. None: not charged by it.

    Cached input and cache writes without a rate of their own are charged like input.
    """

    input: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    image: int | None = None
    second: int | None = None
    characters: int | None = None

    @property
    def version(self) -> str:
        """The same wherever the same rates are written down, so that a record can name its price."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:12]


RATE_NAMES = tuple(field.name for field in fields(Rates))


@dataclass(frozen=True, slots=True)
class Quantities:
    """What was used. `prompt` includes `cached` and `cache_write`. None: not known, which is not zero."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    images: int | None = None
    seconds: float | None = None
    characters: int | None = None


def cost(rates: Rates, used: Quantities) -> int | None:
    """Nano USD, rounded once at the end; None while a quantity that is charged is not known."""
    millionths: int | Fraction = 0
    is_charged = False
    for rate, quantity, weight in _charges(rates, used):
        if rate is None:
            continue
        if quantity is None:
            return None
        is_charged = True
        exact = Fraction(quantity) if type(quantity) is float else quantity
        millionths += exact * rate * weight
    return min(round(Fraction(millionths, MILLION)), LARGEST_COST) if is_charged else None


def _charges(rates: Rates, used: Quantities) -> Iterator[tuple[int | None, Any, int]]:
    """(rate, quantity, millionths of the rate that one of them costs)"""
    cached, written = used.cached or 0, used.cache_write or 0
    plain = None if used.prompt is None else max(used.prompt - cached - written, 0)
    yield rates.input, plain, 1
    yield _first(rates.cached_input, rates.input), cached, 1
    yield _first(rates.cache_write, rates.input), written, 1
    yield rates.output, used.completion, 1
    yield rates.image, used.images, MILLION
    yield rates.second, used.seconds, MILLION
    yield rates.characters, used.characters, 1


def _first(own: int | None, otherwise: int | None) -> int | None:
    return own if own is not None else otherwise
