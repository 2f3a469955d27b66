from __future__ import annotations

import pytest

from logs_app.finding.paging import UncountedPaginator
from logs_app.models import LogRecord
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


def paginator(current: int) -> UncountedPaginator:
    return UncountedPaginator(LogRecord.objects.all(), 10, current, ["model"])


def test_it_knows_that_there_is_a_next_page():
    many(35)
    assert paginator(1).num_pages == 2
    assert paginator(3).num_pages == 4


def test_it_knows_that_there_is_none():
    many(30)
    assert paginator(3).num_pages == 3
    assert len(paginator(3).page(3)) == 10


def test_past_the_end_is_nothing():
    many(5)
    assert list(paginator(2).page(2)) == []


def test_only_what_is_shown_is_read():
    many(1)
    assert "path" in paginator(1).page(1)[0].get_deferred_fields()


def test_nothing_is_counted(django_assert_num_queries):
    many(20)
    with django_assert_num_queries(2) as queries:
        list(paginator(1).page(1))
    assert not any("COUNT" in query["sql"] for query in queries.captured_queries)
