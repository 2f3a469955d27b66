"""Records a few at a time, in the order of their ids: nothing is counted, sorted or held by the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet


def pages(records: QuerySet[Any, Any], size: int) -> Iterator[list[Any]]:
    """Of rows, or of values with the `id` among them."""
    ordered, last = records.order_by("pk"), None
    while page := list((ordered.filter(pk__gt=last) if last else ordered)[:size]):
        last = page[-1]["id"] if isinstance(page[-1], dict) else page[-1].pk
        yield page
