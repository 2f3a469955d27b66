"""The feed: records of each node by the number they got when they were recorded.

Numbers of a node become visible in their order, so whoever has read up to one has missed nothing before it. A
number without a record was removed since.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import router
from django.db.models import Min, QuerySet

from logs_app.events.event import UNREADABLE, Event
from logs_app.exporting import portions
from logs_app.identifiers import first_id
from logs_app.models import LogPayload, LogRecord, Node

log = logging.getLogger(__name__)

Narrow = Callable[[QuerySet[LogRecord]], QuerySet[LogRecord]]


def everything(records: QuerySet[LogRecord]) -> QuerySet[LogRecord]:
    return records


@dataclass(frozen=True, slots=True)
class Portion:
    """The events among the numbers up to `upto`, and how many of these have no record any more."""

    events: list[Event]
    upto: int
    lost: int


def alias() -> str:
    return router.db_for_write(LogRecord)


def newest() -> dict[str, int]:
    """The last number of each node."""
    return dict(Node.objects.using(alias()).values_list("id", "seq"))


def oldest(since: datetime | None = None) -> dict[str, int]:
    """Of each node the first number that is kept, or that arrived since then; none of the others."""
    records: QuerySet[Any] = LogRecord.objects.using(alias())
    if since is not None:
        records = records.filter(pk__gte=first_id(since))
    found: dict[str, int] = {}
    for node in newest():
        first = records.filter(node=node).aggregate(first=Min("seq"))["first"]
        if first is not None:
            found[node] = first
    return found


def read(node: str, seqs: Sequence[int], narrow: Narrow, *, with_raw: bool) -> Iterator[Portion]:
    """In the order of the numbers, a few MB at a time."""
    numbered = LogRecord.objects.using(alias()).filter(node=node, seq__gte=seqs[0], seq__lte=seqs[-1])
    if len(seqs) != seqs[-1] - seqs[0] + 1:
        numbered = numbered.filter(seq__in=list(seqs))
    page = list(narrow(numbered).order_by("seq"))
    lost = len(seqs) - numbered.count() if len(page) < len(seqs) else 0
    for portion in portions.split(page):
        is_last = portion[-1] is page[-1]
        portions.attach(portion)
        events = [_event(record, with_raw=with_raw) for record in portion]
        yield Portion(events, seqs[-1] if is_last else portion[-1].seq, lost if is_last else 0)
    if not page:
        yield Portion([], seqs[-1], lost)


def _event(record: LogRecord, *, with_raw: bool) -> Event:
    """One that cannot be read must not stop those behind it."""
    try:
        return Event.of(record, with_raw=with_raw)
    except Exception:
        log.exception("What is stored of record %s cannot be read.", record.pk)
        record.payload = LogPayload(record_id=record.pk)
        return Event.of(record, missing=UNREADABLE)


def pick(ids: Sequence[UUID], *, with_raw: bool) -> Iterator[Event]:
    """Those of these records that are still kept, in their order."""
    page = list(LogRecord.objects.using(alias()).filter(pk__in=list(ids)).order_by("pk"))
    for portion in portions.split(page):
        portions.attach(portion)
        yield from (_event(record, with_raw=with_raw) for record in portion)
