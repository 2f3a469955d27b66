from __future__ import annotations

import pytest

from logs_app.finding import walking
from logs_app.models import LogRecord
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


def test_all_are_met_once_in_the_order_of_their_ids() -> None:
    many(5)
    ids = sorted(LogRecord.objects.values_list("pk", flat=True))
    rows = list(walking.pages(LogRecord.objects.order_by("-pk"), 2))
    assert [len(page) for page in rows] == [2, 2, 1]
    assert [row.pk for page in rows for row in page] == ids
    values = walking.pages(LogRecord.objects.values("id", "model"), 2)
    assert [row["id"] for page in values for row in page] == ids


def test_of_none_there_is_no_page() -> None:
    assert list(walking.pages(LogRecord.objects.none(), 2)) == []
