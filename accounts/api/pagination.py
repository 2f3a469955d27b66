"""Pages of lists, newest first. No page is counted, and none shifts while something is created."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.timezone import is_naive
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response


class NewestFirst(CursorPagination):
    """By `ordering` of the view, else by id, which is in order of creation where it is no UUID."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    page_size_query_description = f"How many at most. More than {max_page_size} are never given."
    cursor_query_description = "Where this page begins, from `next` or `previous` of another one."

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdecimal() and int(text[:9])):
            raise _invalid(self.page_size_query_param, f"A number from 1 to {self.max_page_size}.")
        return min(int(text[:9]), self.max_page_size)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        ordering = getattr(view, "ordering", (self.ordering,))
        self._field = queryset.model._meta.get_field(ordering[0].lstrip("-"))
        return tuple(ordering)

    def decode_cursor(self, request: Request) -> Any:
        """A position that was made up must not reach the database."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            position = self._field.to_python(cursor.position)
            if isinstance(position, datetime) and is_naive(position):
                raise ValueError
        return cursor

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (exceptions.NotFound, ValidationError, ValueError):
            raise _invalid(self.cursor_query_param, "This is no cursor of this list.") from None

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema | {"description": "Newest first."},
                "next": _link("The next page; null on the last one."),
                "previous": _link("The page before; null on the first one."),
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "default": self.page_size}
        return [
            _parameter(self.cursor_query_param, self.cursor_query_description, {"type": "string"}),
            _parameter(self.page_size_query_param, self.page_size_query_description, size),
        ]


def _invalid(name: str, message: str) -> exceptions.ValidationError:
    return exceptions.ValidationError({name: [message]})


def _link(description: str) -> dict[str, Any]:
    return {"type": "string", "format": "uri", "nullable": True, "description": description}


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
