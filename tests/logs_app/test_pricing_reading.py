from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from logs_app.models import ModelPrice
from logs_app.pricing import reading
from logs_app.pricing.rates import Rates
from logs_app.pricing.reading import REREAD_SECONDS, Prices

pytestmark = pytest.mark.django_db
START = datetime(2020, 1, 1, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def price(prices: Prices) -> Rates | None:
    return prices().find(["mine"], "p", "", datetime.now(UTC))


def test_a_change_shows_after_a_few_seconds():
    clock = Clock()
    prices = Prices(clock)
    assert price(prices) is None
    ModelPrice.objects.create(model="mine", valid_from=START, input=5, characters=7)
    assert price(prices) is None
    clock.now = REREAD_SECONDS
    assert price(prices) == Rates(input=5, characters=7)


def test_without_the_database_the_last_prices_stay(monkeypatch):
    ModelPrice.objects.create(model="mine", valid_from=START, input=5)
    clock = Clock()
    prices = Prices(clock)
    assert price(prices) is not None

    def fail(using):
        raise OperationalError("gone")

    monkeypatch.setattr(reading, "read", fail)
    clock.now = 100.0
    assert price(prices) is not None
