"""The two parts of a record that end on their own: where they are, and how they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from logs_app import removal, search
from logs_app.models import LogPayload, LogRecord
from logs_app.retention.terms import Ends

Found = list[tuple[UUID, str | None]]  # id, project id


@dataclass(frozen=True, slots=True)
class Part:
    """`find(ends, after, limit, using)`: ids in their order. `remove(ids, using)` is for a transaction."""

    name: str
    find: Callable[[Ends, UUID | None, int, str], Found]
    remove: Callable[[Sequence[UUID], str], None]


def _payloads(ends: Ends, after: UUID | None, limit: int, using: str) -> Found:
    project = LogRecord.objects.filter(pk=OuterRef("pk")).values("project_id")
    rows: QuerySet[Any] = LogPayload.objects.using(using).annotate(project=Subquery(project))
    return _page(rows, ends, after, limit, "project")


def _records(ends: Ends, after: UUID | None, limit: int, using: str) -> Found:
    rows: QuerySet[Any] = LogRecord.objects.using(using)
    if ends.for_ever:
        rows = rows.exclude(project_id__in=ends.for_ever)
    return _page(rows, ends, after, limit, "project_id")


def _page(rows: QuerySet[Any], ends: Ends, after: UUID | None, limit: int, project: str) -> Found:
    rows = rows.filter(pk__lt=ends.latest)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", project)[:limit])


def _remove_payloads(ids: Sequence[UUID], using: str) -> None:
    """With everything that repeats what they say."""
    LogPayload.objects.using(using).filter(pk__in=ids).delete()
    LogRecord.objects.using(using).filter(pk__in=ids).update(request_preview="", response_preview="")
    search.forget_texts(ids, using)


def _remove_records(ids: Sequence[UUID], using: str) -> None:
    removal.remove(ids, using)


PAYLOADS = Part("payloads", _payloads, _remove_payloads)
RECORDS = Part("records", _records, _remove_records)
