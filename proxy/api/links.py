"""Other rows, by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MOST = 100


@extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": MOST})
class Names(serializers.Field):
    """A list of names to rows in the same order, and back."""

    default_error_messages = {
        "invalid": f"This is a list of at most {MOST} names.",
        "unknown": "There is no {what} '{name}'.",
    }

    def __init__(
        self,
        rows: QuerySet[Any],
        column: str,
        what: str,
        of: Callable[[Any], Iterable[Any]] | None = None,
        **options: Any,
    ) -> None:
        """`of` finds them for a row that names them; `what` they are called one by one."""
        super().__init__(**options)
        self._rows, self._column, self._what, self._of = rows, column, what, of

    def get_attribute(self, instance: Any) -> Any:
        return self._of(instance) if self._of else super().get_attribute(instance)

    def to_internal_value(self, data: Any) -> list[Model]:
        is_list = isinstance(data, list) and len(data) <= MOST
        if not is_list or not all(isinstance(name, str) for name in data):
            self.fail("invalid")
        rows = self._rows.filter(**{f"{self._column}__in": data})
        found = {getattr(row, self._column): row for row in rows}
        for name in data:
            if name not in found:
                self.fail("unknown", what=self._what, name=name[:100])
        return [found[name] for name in data]

    def to_representation(self, value: Iterable[Any]) -> list[str]:
        return [getattr(row, self._column) for row in value]
