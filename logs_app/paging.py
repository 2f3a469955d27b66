"""Pages of a table that is too large to count."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class UncountedPaginator(Paginator):
    """Knows whether there is a page after this one, never how many there are."""

    def __init__(self, object_list: QuerySet, per_page: int, current: int) -> None:
        super().__init__(object_list, per_page)
        self.records: QuerySet = object_list
        self._before = (max(current, 1) - 1) * per_page

    @cached_property
    def count(self) -> int:
        window = self.records.values_list("pk", flat=True)
        return self._before + len(window[self._before : self._before + self.per_page + 1])
