"""The list of records: what it shows, finds and offers, and what it costs."""

from __future__ import annotations

import re

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from logs_app.models import LogRecord, Node, Series
from logs_app.search.indexer import Indexer
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db

LIST = "/admin/logs_app/logrecord/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    client.get("/admin/")
    return client


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def rows(html: str) -> str:
    found = re.search(r'<tbody id="rows".*?</tbody>', html, re.DOTALL)
    assert found is not None
    return found[0]


def chips(html: str) -> list[str]:
    return re.findall(r'class="chip filter-on".*?<strong>(.*?)</strong>', html, re.DOTALL)


def test_the_list_shows_what_happened(staff):
    add_record()
    html = page(staff, LIST)
    for shown in ("Completed", "m-1", "p-1", "first", "5.0 ms", "Hello?"):
        assert shown in html


def test_the_list_shows_what_a_call_came_to(staff):
    add_record()
    LogRecord.objects.update(total_tokens=1234, usage_estimated=True, cost_nanos=1_234_567, status_code=418)
    html = page(staff, LIST)
    for shown in ("1,234 tokens in all", "≈ 3 → 2", "≈ $0.0012", "418"):
        assert shown in html


def test_the_list_counts_nothing_and_reads_no_payload(staff, django_assert_max_num_queries):
    many(60)
    with django_assert_max_num_queries(7) as queries:
        page(staff, LIST)
    statements = [query["sql"] for query in queries.captured_queries]
    assert not any("COUNT(" in sql for sql in statements)
    assert not any("logs_app_logpayload" in sql for sql in statements)


def test_pages_lead_to_older_and_newer_ones(staff):
    many(110)
    first, second, third = (page(staff, f"{LIST}?p={number}") for number in (1, 2, 3))
    assert ('href="?p=2"' in first, ">Newer<" in first) == (True, False)
    assert ('href="?p=1"' in second, 'href="?p=3"' in second) == (True, True)
    assert (">Newer<" in third, ">Older<" in third) == (True, False)


def test_the_list_is_filtered_by_outcome(staff):
    add_record(opened_with={"model": "went-well"})
    add_record(opened_with={"model": "went-wrong"}, closed_with={"outcome": "failed"})
    html = rows(page(staff, f"{LIST}?outcome=failed"))
    assert ("went-wrong" in html, "went-well" in html) == (True, False)


def test_the_list_takes_every_filter_of_the_api(staff):
    add_record(
        opened_with={"model": "wanted", "headers": [["x-relay-session", "s-1"], ["x-relay-tags", "t"]]}
    )
    add_record(opened_with={"model": "unwanted-one", "is_streaming": True}, closed_with={"latency_us": 1})
    for query in ("model=wanted", "session=s-1", "tag=t", "stream=false", "min_latency_ms=2&since=15m"):
        html = rows(page(staff, f"{LIST}?{query}"))
        assert ("wanted" in html, "unwanted-one" in html) == (True, False), query


def test_the_filter_bar_offers_what_there_is(staff):
    add_record(opened_with={"model": "m-9"}, answered_with={"provider": "p-9"})
    html = page(staff, LIST)
    for value in ("m-9", "p-9", "first", "15m", "rejected", "4xx"):
        assert f'<option value="{value}">' in html
    for name in ("session", "min_cost", "until"):
        assert f'name="{name}"' in html
    assert chips(html) == []


def test_of_many_names_the_newest_are_offered_and_any_may_be_typed(staff):
    for number in range(60, 0, -1):
        Series.objects.create(digest=str(number), key_name=f"key-{number:02}")
    html = page(staff, f"{LIST}?key=key-60")
    assert '<option value="key-01"><option value="key-02">' in html
    assert '<option value="key-51">' not in html
    assert 'name="key" value="key-60"' in html


def test_a_filter_that_is_on_is_a_chip_that_takes_it_away(staff):
    html = page(staff, f"{LIST}?outcome=failed&tag=beta")
    assert chips(html) == ["Failed", "beta"]
    assert 'class="chip filter-on" href="?tag=beta"' in html
    assert '<option value="failed" selected>' in html
    assert "Nothing matches" in html


def test_a_preset_is_added_to_the_other_filters_and_taken_away_again(staff):
    html = page(staff, f"{LIST}?tag=beta&outcome=failed")
    assert 'class="chip preset is-on" href="?tag=beta"' in html
    assert 'class="chip preset" href="?tag=beta&amp;outcome=failed&amp;since=1h"' in html


def test_a_filter_that_makes_no_sense_is_left_out_in_words(staff):
    answer = staff.get(f"{LIST}?status=never&model=m-1&tag=", follow=True)
    assert answer.redirect_chain == [("?model=m-1", 302)]
    assert "Left out: status: Write a status such as 404" in answer.content.decode()


def test_of_a_span_and_a_moment_the_later_one_counts(staff):
    address = staff.get(f"{LIST}?since=1h&since=2026-01-31T12%3A00").headers["location"]
    assert address == "?since=2026-01-31T12%3A00"
    html = page(staff, LIST + address)
    assert 'value="2026-01-31T12:00:00"' in html
    assert chips(html) == ["2026-01-31T12:00"]


def test_the_first_page_is_live_from_before_it_was_read(staff):
    add_record()
    html = page(staff, f"{LIST}?model=m-1")
    (query,) = re.findall(r'data-live="(.*?)"', html)
    (position,) = re.findall(r'data-position="(.*?)"', html)
    assert query == "model=m-1"
    assert orjson.loads(position.replace("&quot;", '"')) == {"node-a": Node.objects.get(pk="node-a").seq}


@pytest.mark.parametrize("query", ["p=2", "q=words", "search=words"])
def test_older_pages_and_searches_are_not(staff, query):
    html = page(staff, f"{LIST}?{query}")
    assert "data-live" not in html
    assert "not live" in html


def test_a_page_is_small_and_its_questions_are_few(staff, django_assert_max_num_queries):
    words = b"What is the meaning of this rather long question? " * 40
    body = b'{"model": "gpt-4o-mini-2024-07-18", "messages": [{"role": "user", "content": "%s"}]}' % words
    for _ in range(51):
        add_record(request=body, opened_with={"model": "gpt-4o-mini-2024-07-18"})
    with django_assert_max_num_queries(8):
        html = page(staff, LIST)
    assert rows(html).count("<tr") == 50
    assert len(html) < 100_000


def test_only_a_list_that_is_not_over_promises_more(staff):
    add_record()
    promise = "One that does will appear here by itself."
    assert promise in page(staff, f"{LIST}?model=nobody&until=2090-01-31")
    assert promise not in page(staff, f"{LIST}?model=nobody&until=2020-01-31")


def test_before_the_first_call_it_says_what_to_do(staff):
    assert "Point an application at this relay" in page(staff, LIST)


def test_records_are_found_by_their_words_once_these_are_indexed(staff):
    many(2, model="others")
    question = b'{"model": "wanted", "messages": [{"role": "user", "content": "Wo ist der Bahnhof?"}]}'
    add_record(request=question, opened_with={"model": "wanted"})
    assert "The newest 3 records cannot be found" in page(staff, f"{LIST}?q=bahnhof")
    while (indexer := Indexer(["node-a"])).work(10):
        pass
    assert not indexer.nodes
    html = page(staff, f"{LIST}?q=bahnhof")
    assert ("wanted" in rows(html), "others" in rows(html)) == (True, False)
    assert "cannot be found" not in html


@pytest.mark.parametrize("spelled", [str, lambda pk: pk.hex])
def test_a_record_is_found_by_its_id(staff, spelled):
    many(2, model="others")
    record = add_record(opened_with={"model": "wanted"})
    html = rows(page(staff, f"{LIST}?q={spelled(record.pk)}"))
    assert ("wanted" in html, "others" in html) == (True, False)
