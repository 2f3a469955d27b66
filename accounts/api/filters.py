"""What a list can be narrowed by: a serializer of the query string, whose fields name the columns.

An unusable value is an error, not an empty list or, worse, the whole of it; so is an empty one, which mostly
is a script's variable that nobody has set; so is a parameter that no list has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from django.db.models import Q, QuerySet
from rest_framework import serializers

from .strictness import refuse_unknown

FLAGS = {"true": True, "false": False}
LONGEST = 500

Rows = TypeVar("Rows", bound=QuerySet[Any])


class TextFilter(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=LONGEST, **options)


class FlagFilter(serializers.BooleanField):
    """BooleanField would take an absent value of a form for false."""

    default_empty_html = serializers.empty

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: Any) -> bool:
        if data.lower() not in FLAGS:
            self.fail("invalid", input=data)
        return FLAGS[data.lower()]


class ChoiceFilter(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class MomentFilter(serializers.DateTimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class IdFilter(serializers.UUIDField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class FilterSerializer(serializers.Serializer):
    """A field filters by the column of its name, or by the method `by_<field>` where there is one."""

    # Spellings of earlier systems.
    aliases: ClassVar[Mapping[str, str]] = {}

    # Parameters that somebody else reads, such as the number of a page.
    beside: Iterable[str] = ()

    @classmethod
    def given(cls, query: Mapping[str, str], beside: Iterable[str] = ()) -> Self:
        made = cls(data={cls.aliases.get(name, name): value for name, value in query.items()})
        made.beside = tuple(beside)
        return made

    @classmethod
    def among(cls, query: Mapping[str, str]) -> Self:
        """Of an address that has more to say, as the console's have."""
        return cls.given({name: query[name] for name in cls().fields.keys() & query.keys()})

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(data, (*self.fields, *self.aliases, *self.beside), "parameter")
        return super().to_internal_value(data)

    def narrow(self, rows: Rows) -> Rows:
        self.is_valid(raise_exception=True)
        for name, value in self.validated_data.items():
            method = getattr(self, f"by_{name}", None)
            rows = method(rows, value) if method else rows.filter(**{name: value})
        return rows


def has_id(text: str) -> Q:
    """Matches nothing when the text is no UUID."""
    try:
        return Q(pk=uuid.UUID(text))
    except ValueError:
        return Q(pk__in=[])


def is_number(text: str) -> bool:
    """That fits into a column."""
    return text.isascii() and text.isdecimal() and len(text) < 19
