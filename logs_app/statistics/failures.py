"""What fails most: codes of errors by how often they came, each with its newest record.

Codes stand in an index of their own, which ends with the id and holds no call that went well; nothing else is
read but the one record of each code that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from logs_app.identifiers import first_id
from logs_app.models import LogRecord

MOST = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """`count` is of records; `newest` has the latest words for it."""

    code: str
    count: int
    newest: LogRecord


def read(since: datetime, records: Any) -> list[Failure]:
    """`records`: those that the asking person may see. The most frequent first."""
    coded = records.exclude(error_code="").filter(pk__gte=first_id(since)).order_by()
    counted = coded.values_list("error_code").annotate(count=Count("pk"))
    ranked = sorted(counted, key=lambda row: (-row[1], row[0]))[:MOST]
    failures = []
    for code, count in ranked:
        newest = records.exclude(error_code="").filter(error_code=code).order_by("-pk").first()
        if newest is not None:  # else it was deleted a moment ago
            failures.append(Failure(code, count, newest))
    return failures
