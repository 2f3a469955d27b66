from __future__ import annotations

import pytest

from logs_app.events import feed
from logs_app.live import arrivals
from logs_app.models import LogRecord
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("value", [None, [], {"node-a": "1"}, {"node-a": True}, {1: 1}])
def test_a_browser_may_say_anything(value):
    assert not arrivals.is_position(value)


def test_each_record_lies_after_the_position_before_it(django_assert_num_queries):
    positions = [feed.newest()]
    made = []
    for count in (1, 3, 2):
        made.append([record.pk for record in many(count)])
        positions.append(feed.newest())
    for number, ids in enumerate(made):
        with django_assert_num_queries(1):
            found, has_missed = arrivals.latest(
                LogRecord.objects.all(), positions[number], positions[number + 1], 10
            )
        assert ([record.pk for record in found], has_missed) == (ids, False)


def test_the_newest_of_too_many_are_shown_and_it_is_said(monkeypatch):
    before = feed.newest()
    ids = [record.pk for record in many(5)]
    found, has_missed = arrivals.latest(LogRecord.objects.all(), before, feed.newest(), 3)
    assert ([record.pk for record in found], has_missed) == (ids[2:], True)
    monkeypatch.setattr(arrivals, "FARTHEST_LOOK", 2)
    found, has_missed = arrivals.latest(LogRecord.objects.all(), before, feed.newest(), 10)
    assert ([record.pk for record in found], has_missed) == (ids[3:], True)


def test_where_nothing_is_new_nothing_is_asked(django_assert_num_queries):
    many(1)
    position = feed.newest()
    with django_assert_num_queries(0):
        assert arrivals.latest(LogRecord.objects.all(), position, position, 10) == ([], False)


def test_nodes_have_positions_of_their_own():
    records = many(2)
    LogRecord.objects.filter(pk=records[0].pk).update(node="node-b", seq=9)
    until = {"node-a": records[1].seq, "node-b": 9}
    found, _ = arrivals.latest(LogRecord.objects.all(), {"node-a": records[1].seq}, until, 10)
    assert [record.pk for record in found] == [records[0].pk]
