"""What the sums do not tell of a provider: errors that are the caller's, and tries that nobody saw fail, for
the call was asked again, there or elsewhere.

Both stand in indexes that end with the id and hold little else: answers of 4xx, and second attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from logs_app.identifiers import first_id
from logs_app.models import Attempt, Outcome
from logs_app.models.recordindexes import StatusClass

# Of a refused key, of slowness, of too many calls: as the breaker judges them.
NOT_OF_CALLERS = (401, 408, 429)


@dataclass(frozen=True, slots=True)
class Faults:
    """By the name of the provider."""

    of_callers: Mapping[str, int]
    retried: Mapping[str, int]


def read(since: datetime, records: Any) -> Faults:
    """`records`: those that the asking person may see."""
    return Faults(_of_callers(records.filter(pk__gte=first_id(since))), _retried(since, records.db))


def _of_callers(records: Any) -> dict[str, int]:
    found = records.alias(status_class=StatusClass("status_code")).filter(
        status_class=4, status_code__gte=400, outcome=Outcome.FAILED
    )
    return _counted(found.exclude(status_code__in=NOT_OF_CALLERS), "provider")


def _retried(since: datetime, using: str) -> dict[str, int]:
    tries = Attempt.objects.using(using)
    failed = tries.filter(record_id=OuterRef("record_id"), number=OuterRef("number") - 1)
    again = tries.filter(number__gte=2, record_id__gte=first_id(since))
    return _counted(again.annotate(failed=Subquery(failed.values("provider")[:1])), "failed")


def _counted(rows: Any, column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(Count("pk")))
