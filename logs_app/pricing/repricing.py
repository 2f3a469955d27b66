"""Costs of past records by the prices of now, each as of the moment of its call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet

from logs_app import rollups
from logs_app.finding import walking
from logs_app.models import LogRecord
from logs_app.pricing import charging
from logs_app.pricing.book import Book
from logs_app.rollups.adding import COLUMNS

BATCH = 500
READ = tuple(
    dict.fromkeys(
        (*COLUMNS, *charging.QUANTITIES, "model_sent", "model_served", "service_tier", "created_at",
         "price_version")
    )
)  # fmt: skip
WRITE = f"UPDATE {LogRecord._meta.db_table} SET cost_nanos = %s, price_version = %s WHERE id = %s"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """After a batch; sums are of nano dollars over the records whose cost changed."""

    seen: int = 0
    changed: int = 0
    before: int = 0
    after: int = 0
    until: datetime | None = None


def reprice(
    records: QuerySet[LogRecord], prices: Book, using: str, *, dry_run: bool = False, batch: int = BATCH
) -> Iterator[Progress]:
    """Oldest first, a transaction for each batch, so that the recorder goes on beside it.

    Left as they are: answers of the cache, what the provider itself billed, and calls whose price came from
    their provider's configuration.
    """
    progress = Progress()
    priced = (
        records.using(using)
        .filter(is_cached=False)
        .exclude(price_version__in=(charging.OWN, charging.BILLED))
    )
    for rows in walking.pages(priced.values(*READ), batch):
        changes = [(row, new) for row in rows if _differs(row, new := row | _cost(row, prices))]
        if changes and not dry_run:
            _write(changes, using)
        progress = _further(progress, rows, changes)
        yield progress


def _cost(row: Row, prices: Book) -> Row:
    return charging.charge(row, charging.rates_for(row, prices, row["created_at"]))


def _differs(row: Row, new: Row) -> bool:
    names = ("cost_nanos", "price_version")
    return any(row[name] != new[name] for name in names)


def _write(changes: list[tuple[Row, Row]], using: str) -> None:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        rollups.adjust(using, changes)
        cursor.executemany(
            WRITE, [(new["cost_nanos"], new["price_version"], new["id"].hex) for _, new in changes]
        )


def _further(progress: Progress, rows: list[Row], changes: list[tuple[Row, Row]]) -> Progress:
    return Progress(
        progress.seen + len(rows),
        progress.changed + len(changes),
        progress.before + sum(old["cost_nanos"] or 0 for old, _ in changes),
        progress.after + sum(new["cost_nanos"] or 0 for _, new in changes),
        rows[-1]["created_at"],
    )
