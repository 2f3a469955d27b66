"""The price book as the database has it, read again every few seconds and kept through its outages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import Error, router

from logs_app.models import LogRecord, ModelPrice
from logs_app.pricing.book import EMPTY, Book, Entry
from logs_app.pricing.rates import RATE_NAMES, Rates

REREAD_SECONDS = 5.0

log = logging.getLogger(__name__)


def rates_of(row: ModelPrice) -> Rates:
    return Rates(*(getattr(row, name) for name in RATE_NAMES))


def read(using: str) -> Book:
    rows = ModelPrice.objects.using(using).order_by()
    return Book(
        Entry(
            row.model,
            row.provider,
            row.service_tier,
            row.above_prompt_tokens,
            row.valid_from,
            rates_of(row),
        )
        for row in rows
    )


class Prices:
    """Call it for the book of now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._book, self._read_at = EMPTY, float("-inf")

    def __call__(self) -> Book:
        if self._clock() - self._read_at >= REREAD_SECONDS:
            self._read_at = self._clock()
            try:
                self._book = read(router.db_for_write(LogRecord))
            except Error as error:
                log.warning("Prices cannot be read, the last ones stay: %s", error)
        return self._book
