"""A row of the list, whoever writes it: the page, or the websocket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission, User

from logs_app.models import LogRecord, Outcome
from logs_app.presentation import listing
from tests.logs_app.records import add_record
from tests.logs_app.test_live_sieve import FLIGHT

pytestmark = pytest.mark.django_db

HOSTILE = '<b onclick="x">"&'


def row(**changed: object) -> str:
    record = add_record()
    LogRecord.objects.filter(pk=record.pk).update(**changed)
    return listing.row(LogRecord.objects.only(*listing.COLUMNS).get(pk=record.pk))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_end_has_a_colour_an_icon_and_words(outcome):
    html = row(outcome=outcome)
    kind, icon = listing.LOOKS[outcome]
    assert f"badge-{kind}" in html and f"#{icon}" in html
    assert f'<span class="visually-hidden"> {outcome.label}' in html


def test_it_reads_no_more_than_it_was_given(django_assert_num_queries):
    record = add_record()
    record = LogRecord.objects.only(*listing.COLUMNS).get(pk=record.pk)
    with django_assert_num_queries(0):
        assert "Hello?" in listing.row(record)


def test_who_may_not_read_what_was_said_sees_that_it_was():
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    add_record()
    html = listing.row(LogRecord.objects.visible_to(clerk).only(*listing.COLUMNS).get())
    assert "m-1" in html and "POST /v1/chat/completions" in html
    assert "Hello?" not in html and "Hi." not in html


def test_what_served_is_told_where_it_was_not_what_was_asked_for():
    assert "p-1 → m-1-2026" in row()
    assert "→ m-1" not in row(model_served="m-1").partition('class="cell-caller"')[0]


def test_what_went_wrong_stands_in_the_place_of_an_answer():
    html = row(outcome="failed", error_code="boom", error_message="It broke", response_preview="")
    assert "boom" in html and "It broke" in html


def test_where_nothing_was_counted_is_a_dash():
    html = row(total_tokens=None, cost_nanos=None)
    assert '<td class="cell-usage number">–<span class="second">–' in html


def test_nothing_that_others_wrote_is_markup():
    names = ("model", "model_served", "provider", "key_name", "project", "request_preview", "error_code")
    assert HOSTILE not in row(**dict.fromkeys(names, HOSTILE), outcome="failed", error_message=HOSTILE)
    assert HOSTILE not in listing.flight(replace(FLIGHT, model=HOSTILE, key=HOSTILE, path=HOSTILE))


def test_a_call_that_goes_on_says_how_far_it_is():
    assert "waiting" in listing.flight(replace(FLIGHT, status=None, parts=0, bytes=0))
    html = listing.flight(replace(FLIGHT, parts=3, bytes=2048))
    assert "answering" in html and "2.0\xa0KB in 3 parts" in html
    assert 'data-started="2025-11-20T17:33:20+00:00"' in html
