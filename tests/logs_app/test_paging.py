from __future__ import annotations

import pytest
from django.core.paginator import EmptyPage

from logs_app.models import LogRecord
from logs_app.paging import UncountedPaginator
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


def paginator(current: int) -> UncountedPaginator:
    return UncountedPaginator(LogRecord.objects.all(), 10, current)


def test_it_knows_that_there_is_a_next_page():
    many(35)
    assert paginator(1).num_pages == 2
    assert paginator(3).num_pages == 4


def test_it_knows_that_there_is_none():
    many(30)
    assert paginator(3).num_pages == 3
    assert len(paginator(3).page(3)) == 10


def test_no_page_is_beyond_the_last():
    many(5)
    with pytest.raises(EmptyPage):
        paginator(2).page(2)


def test_nothing_is_counted(django_assert_num_queries):
    many(20)
    with django_assert_num_queries(2) as queries:
        list(paginator(1).page(1))
    assert not any("COUNT" in query["sql"] for query in queries.captured_queries)
