"""Pages of records, however many there are: nothing is counted.

A page is looked for among the ids alone, which the indexes answer; only then are its records read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import NewestFirst
from logs_app import search
from logs_app.models import LogRecord, LogRecordQuerySet

SEARCH = {
    "type": "object",
    "description": "With `search`: what the answer leaves out.",
    "required": ["behind", "newest_only"],
    "properties": {
        "behind": {"type": "integer", "description": "How many records cannot be found yet."},
        "newest_only": {
            "type": "boolean",
            "description": "Whether the words are so short that only the newest records were looked at.",
        },
    },
}


class RecordPages(NewestFirst):
    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self._using, self._search = queryset.db, request.query_params.get("search")
        found = super().paginate_queryset(queryset.values("id"), request, view)
        return in_order(view.get_queryset(), [each["id"] for each in found or ()])

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        if self._search:
            response.data["search"] = {
                "behind": search.behind(self._using),
                "newest_only": search.is_bounded(self._search, self._using),
            }
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        described["properties"]["search"] = SEARCH
        return described


class UncountedPaginator(Paginator):
    """Knows whether there is a page after this one, never how many there are."""

    def __init__(
        self, object_list: LogRecordQuerySet, per_page: int, current: int, columns: Sequence[str]
    ) -> None:
        """`columns` are what is read of each record."""
        super().__init__(object_list, per_page)
        self._columns = columns
        self.records = object_list
        self._before = (max(current, 1) - 1) * per_page

    @cached_property
    def count(self) -> int:
        return self._before + len(self._window)

    def page(self, number: Any) -> Page:
        records = self.records.alike().only(*self._columns)
        shown = in_order(records, self._window[: self.per_page])
        return Page(shown, int(number), self)  # past the end there is nothing, which is no error

    @cached_property
    def _window(self) -> list[Any]:
        ids = self.records.values_list("pk", flat=True)
        return list(ids[self._before : self._before + self.per_page + 1])


def in_order(records: QuerySet, ids: list[Any]) -> list[LogRecord]:
    """Newest first: what was deleted meanwhile is left out."""
    return list(records.filter(pk__in=ids).order_by("-pk")) if ids else []
