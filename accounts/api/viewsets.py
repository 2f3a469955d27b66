"""What every list of the management API does alike. A subclass names its queryset, serializers and filters;
an alias of an earlier system is a subclass with other serializers and another paginator, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Model, QuerySet
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.audit import actors
from accounts.errors import Unknown

from .filters import FilterSerializer, is_number

LAST_ID = {
    "sqlite": "SELECT MAX(seq) FROM sqlite_sequence WHERE name = '{table}'",
    "postgresql": "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq",
}


class Reading(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    lookup_value_regex = "[^/]+"
    noun: ClassVar[str]
    # The id in the path: its type, and what it is.
    identified: ClassVar[tuple[type, str]]
    filters: ClassVar[type[FilterSerializer]]
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    # Of an action that does something else than its method says; see `permissions`.
    verb: str | None = None
    guarded: type[Model] | None = None

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.filters.given(self.request.query_params.dict(), self.of_pages()).narrow(queryset)

    def of_pages(self) -> list[str]:
        """The parameters of its paginator."""
        described = self.paginator.get_schema_operation_parameters(self) if self.paginator else ()
        return [parameter["name"] for parameter in described]

    def get_object(self) -> Any:
        row = self.find(self.get_queryset(), self.kwargs["pk"])
        if row is None:
            raise Unknown(self.absent)
        return row

    @property
    def absent(self) -> str:
        return f"There is no such {self.noun}."

    def find(self, rows: QuerySet[Any], pk: str) -> Any | None:
        try:
            return rows.filter(pk=pk).first()
        except (ValidationError, ValueError):
            return None  # this is no id at all


class Rows(Reading):
    """Creating answers 201; PUT and PATCH both change what they name; deleting again answers 204 again."""

    # Serializers of answers, by action, where they show something else than `serializer_class`.
    answers: ClassVar[Mapping[str, type[BaseSerializer]]] = {}

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if self.request is not None and self.request.user is not None:
            context["actor"] = actors.of(self.request)
        return context

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self._save(), status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self._save(self.get_object()))

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self._save(self.get_object()))

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.find(self.get_queryset(), self.kwargs["pk"])
        if row is not None:
            self.perform_destroy(row)
        elif not self.has_been(self.kwargs["pk"]):
            raise Unknown(self.absent)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def perform_destroy(self, row: Any) -> None:
        raise NotImplementedError

    def has_been(self, pk: str) -> bool:
        """Whether this is the id of something that is gone."""
        model: Any = self.get_queryset().model
        return self.find(model._default_manager.all(), pk) is not None

    def answer(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        serializer = self.answers.get(self.action, self.get_serializer_class())
        return Response(serializer(row, context=self.get_serializer_context()).data, status=code)

    def _save(self, row: Any = None) -> Any:
        serializer = self.get_serializer(row, data=self.request.data, partial=row is not None)
        serializer.is_valid(raise_exception=True)
        return serializer.save()


class Numbered:
    """For lists whose ids are numbers. None is given twice: what is not above the last one was something."""

    def find(self, rows: QuerySet[Any], pk: str) -> Any | None:
        return super().find(rows, pk) if is_number(pk) else None

    def has_been(self, pk: str) -> bool:
        if not is_number(pk):
            return False
        rows = self.get_queryset()
        connection = connections[rows.db]
        with connection.cursor() as cursor:
            cursor.execute(LAST_ID[connection.vendor].format(table=rows.model._meta.db_table))
            return 0 < int(pk) <= ((cursor.fetchone() or [0])[0] or 0)


class Named(Numbered):
    """Found by their names too, which are never numbers."""

    name_column: ClassVar[str] = "name"

    def find(self, rows: QuerySet[Any], pk: str) -> Any | None:
        is_name = pk.isprintable() and not pk.isdecimal()
        return rows.filter(**{self.name_column: pk}).first() if is_name else super().find(rows, pk)
