"""Numbered pages with a total, as earlier systems had them.

Failure policy: a total that would need counting many records is the sum that is kept beside them, or else "at
least so many", and says so.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from logs_app.finding.paging import in_order
from logs_app.identifiers import milliseconds_of
from logs_app.models import LogRecord
from logs_app.statistics import sums
from logs_app.statistics.columns import OF_SERIES
from logs_app.statistics.question import StatisticsFilters

MOST_COUNTED = 10_000
PAGE_SIZE, LARGEST_PAGE, LAST_PAGE = 50, 200, 1_000_000


class NumberedPages(BasePagination):
    noun: ClassVar[str]  # what the list is called in the answer

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.number = _number(request, "page", 1, LAST_PAGE)
        self.size = _number(request, "page_size", PAGE_SIZE, LARGEST_PAGE)
        found = queryset.order_by(*view.order_of(request), "-pk").values_list("pk", flat=True)
        self.total, self.is_capped = total(found, view.sums_of(request))
        first = (self.number - 1) * self.size
        ids = list(found[first : first + self.size])
        records = {record.pk: record for record in in_order(view.get_queryset(), ids)}
        return [records[pk] for pk in ids if pk in records]

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                self.noun: data,
                "total": self.total,
                "total_is_capped": self.is_capped,
                "page": self.number,
                "page_size": self.size,
                "total_pages": max(-(-self.total // self.size), 1),
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        def whole(description: str) -> dict[str, Any]:
            return {"type": "integer", "description": description}

        properties = {
            self.noun: schema | {"description": "Newest first."},
            "total": whole("How many there are on all pages."),
            "total_is_capped": {
                "type": "boolean",
                "description": f"Whether there are more than the {MOST_COUNTED:,} that were counted.",
            },
            "page": whole("The number of this page, from 1."),
            "page_size": whole("How many are on a page."),
            "total_pages": whole("How many pages there are."),
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter("page", "The number of a page, from 1.", 1, LAST_PAGE),
            _parameter("page_size", "How many are on a page.", PAGE_SIZE, LARGEST_PAGE),
        ]


class Logs(NumberedPages):
    noun = "logs"


class Items(NumberedPages):
    noun = "items"


def total(ids: Any, asked: StatisticsFilters | None) -> tuple[int, bool]:
    """And whether there are more. `asked`: what the sums are kept by, if they can tell."""
    counted = len(ids.order_by("-pk")[: MOST_COUNTED + 1])
    if counted <= MOST_COUNTED:
        return counted, False
    if asked is None:
        return MOST_COUNTED, True
    return sums.count(asked, ids.db), False


def kept_sums(given: dict[str, str], using: str) -> StatisticsFilters | None:
    """None where the sums are not kept by all that is `given`, as by the moments of a day."""
    oldest = LogRecord.objects.using(using).order_by("pk").values_list("pk", flat=True).first()
    if oldest is None or not given.keys() <= OF_SERIES.keys():
        return None
    since = str(milliseconds_of(oldest) / 1000)
    asked = StatisticsFilters.given(given | {"since": since})
    return asked if asked.is_valid() else None


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most):
        raise ValidationError({name: [f"A number from 1 to {most}."]})
    return int(text)


def _parameter(name: str, description: str, default: int, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
