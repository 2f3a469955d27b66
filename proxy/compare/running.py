"""Runs a comparison: each record with each variant, a few calls at a time, a row as soon as it is there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db.models import QuerySet

from accounts.errors import Refused
from logs_app.models import LogRecord
from logs_app.presentation import presentation, sidebyside
from proxy.compare.checks import Check
from proxy.compare.summary import COLUMNS, TOKENS, Row
from proxy.replay import replaying
from proxy.replay.changes import Changes
from proxy.replay.replaying import Plan

MOST_RECORDS = 1000
MOST_AT_ONCE = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Variant:
    """Without changes, and not `recorded`, it is asked again as it was. `recorded` is the answer of then."""

    name: str
    changes: Changes = field(default_factory=Changes)
    is_recorded: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    ids: list[UUID]
    variants: list[Variant]
    checks: dict[str, Check]
    key: str | None = None
    at_once: int = 4

    @property
    def total(self) -> int:
        return len(self.ids) * len(self.variants)


def newest(records: QuerySet[LogRecord], limit: int) -> list[UUID]:
    return list(of_clients(records).values_list("pk", flat=True)[:limit])


def of_clients(records: QuerySet[LogRecord]) -> QuerySet[LogRecord]:
    """Not the calls that the relay made of them. The newest first."""
    return records.filter(lineage="").order_by("-pk")


async def rows(comparison: Comparison) -> AsyncIterator[Row]:
    """As they come. Whoever stops reading ends the calls that are under way, and whoever reads slowly holds
    them up: their answers would fill the memory.
    """
    done: asyncio.Queue[Row] = asyncio.Queue(comparison.at_once)
    jobs = _jobs(comparison)
    workers = [
        asyncio.create_task(_work(jobs, comparison, done))
        for _ in range(min(comparison.at_once, comparison.total))
    ]
    try:
        for _ in range(comparison.total):
            yield await done.get()
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _jobs(comparison: Comparison) -> Iterator[tuple[UUID, Variant]]:
    return ((id, variant) for id in comparison.ids for variant in comparison.variants)


async def _work(
    jobs: Iterator[tuple[UUID, Variant]], comparison: Comparison, done: asyncio.Queue[Row]
) -> None:
    for id, variant in jobs:
        try:
            row = await _row(id, variant, comparison)
        except Refused as refused:
            row = _empty(id, variant) | {"error": refused.message}
        except Exception:
            log.exception("Record %s could not be compared.", id)
            row = _empty(id, variant) | {"error": "The relay failed on this call; its log has the details."}
        await done.put(row)


async def _row(id: UUID, variant: Variant, comparison: Comparison) -> Row:
    recorded, plan = await sync_to_async(_prepare)(id, variant, comparison.key)
    record = recorded if plan is None else await replaying.run(plan)
    answer, former = sidebyside.answer_of(record.payload), sidebyside.answer_of(recorded.payload)
    return {
        "record": str(id),
        "variant": variant.name,
        "id": str(record.pk),
        "model": record.model_sent or record.model,
        "provider": record.provider,
        "status_code": record.status_code,
        "outcome": str(record.outcome),
        **{name: getattr(record, name) for name in TOKENS},
        "cost": presentation.cost(record.cost_nanos),
        "cost_nanos": record.cost_nanos,
        "latency_ms": record.latency_ms,
        "ttft_ms": record.ttft_ms,
        "error": record.error_message or None,
        "answer": answer,
        "checks": {name: check(answer, former) for name, check in comparison.checks.items()},
    }


def _prepare(id: UUID, variant: Variant, key: str | None) -> tuple[LogRecord, Plan | None]:
    """In a thread that may read the database: the record with its payload, and the call to make of it."""
    record = LogRecord.objects.get(pk=id)
    _ = record.payload  # from here on it is there
    return record, None if variant.is_recorded else Plan.of(record, variant.changes, key)


def _empty(id: UUID, variant: Variant) -> Row:
    told = {"record": str(id), "variant": variant.name, "checks": {}}
    return dict.fromkeys((*COLUMNS, "cost_nanos")) | told
