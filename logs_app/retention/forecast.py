"""What a term would end now: how many records are older, and how large what was said in them is.

It goes through all records once, so it is asked for and not done with a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from logs_app.identifiers import first_id
from logs_app.models import LogRecord

USUAL_DAYS = (1, 7, 14, 30, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Forecast:
    days: int
    records: int
    bytes: int  # of requests and answers as they came; they are stored compressed


def of(days: Sequence[int]) -> list[Forecast]:
    """Shortest term first. Projects with terms of their own are counted like the others."""
    terms, now = sorted(set(days)), timezone.now()
    sums: dict[str, Count | Sum] = {}
    for term in terms:
        older = Q(pk__lt=first_id(now - timedelta(days=term)))
        sums[f"records_{term}"] = Count("pk", filter=older)
        sums[f"bytes_{term}"] = Sum(F("request_bytes") + F("response_bytes"), filter=older, default=0)
    found = LogRecord.objects.aggregate(**sums)
    return [Forecast(term, found[f"records_{term}"], found[f"bytes_{term}"]) for term in terms]


def of_change(before: int | None, days: int) -> Forecast:
    """What ends when a term of `before` days (None: for ever) becomes this one; nothing if it is longer."""
    now = timezone.now()
    over = LogRecord.objects.filter(pk__lt=first_id(now - timedelta(days=days)))
    if before is not None:
        over = over.filter(pk__gte=first_id(now - timedelta(days=before)))
    found = over.aggregate(
        records=Count("pk"), bytes=Sum(F("request_bytes") + F("response_bytes"), default=0)
    )
    return Forecast(days, found["records"], found["bytes"])
