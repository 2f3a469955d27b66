from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.admin import drawing
from logs_app.models import LogRecord, ModelPrice
from logs_app.pricing import seeding
from logs_app.search.indexer import Indexer
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import SSE_HEADERS
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db

LIST = "/admin/logs_app/logrecord/"
HOSTILE = "<script>alert(1)</script>"


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


def test_the_list_shows_what_happened(staff):
    add_record()
    html = page(staff, LIST)
    for shown in ("Completed", "m-1", "p-1", "first", "5.0 ms", "Hello?"):
        assert shown in html


def test_the_list_shows_what_a_call_came_to(staff):
    add_record()
    LogRecord.objects.update(total_tokens=1234, usage_estimated=True, cost_nanos=1_234_567, status_code=418)
    html = page(staff, LIST)
    for shown in ("≈ 1,234", "≈ $0.0012", "418"):
        assert shown in html


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (None, "–"),
        (0, "$0.00"),
        (1_500_000_000_000, "$1,500.00"),
        (12_300_000, "$0.0123"),
        (340, "$0.00000034"),
    ],
)
def test_a_small_price_keeps_the_digits_that_tell(nanos, shown):
    assert drawing.dollars(nanos) == shown


def test_a_record_leads_to_what_it_repeats_and_what_repeats_it(staff):
    original = add_record()
    again = add_record(opened_with={"parent": str(original.pk), "lineage": "replay"})
    to_original, to_replay = (f"{LIST}{pk}/change/" for pk in (original.pk, again.pk))
    assert f'<a href="{to_replay}">replay: POST' in page(staff, to_original)
    assert f'<a href="{to_original}">replay of: POST' in page(staff, to_replay)


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
    assert ('href="?p=2"' in first, "Newer" in first) == (True, False)
    assert ('href="?p=1"' in second, 'href="?p=3"' in second) == (True, True)
    assert ("Newer" in third, "Older" in third) == (True, False)


def test_the_list_is_filtered_by_outcome(staff):
    add_record(opened_with={"model": "went-well"})
    add_record(opened_with={"model": "went-wrong"}, closed_with={"outcome": "failed"})
    html = page(staff, f"{LIST}?outcome=failed").partition('id="changelist-filter"')[0]
    assert ("went-wrong" in html, "went-well" in html) == (True, False)


def test_the_list_takes_every_filter_of_the_api(staff):
    add_record(
        opened_with={"model": "wanted", "headers": [["x-relay-session", "s-1"], ["x-relay-tags", "t"]]}
    )
    add_record(opened_with={"model": "unwanted-one", "is_streaming": True}, closed_with={"latency_us": 1})
    for query in ("model=wanted", "session=s-1", "tag=t", "stream=false", "min_latency_ms=2&since=15m"):
        html = page(staff, f"{LIST}?{query}").partition('id="changelist-filter"')[0]
        assert ("wanted" in html, "unwanted-one" in html) == (True, False), query


def test_the_sidebar_offers_what_there_is(staff):
    add_record(opened_with={"model": "m-9"}, answered_with={"provider": "p-9"})
    html = page(staff, LIST)
    for link in (
        "?model=m-9",
        "?provider=p-9",
        "?key=first",
        "?since=15m",
        "?outcome=rejected",
        "?status=4xx",
    ):
        assert link in html
    assert "?session=" not in html


def test_a_filter_that_makes_no_sense_is_not_followed(staff):
    assert staff.get(f"{LIST}?status=never").headers["location"].endswith("?e=1")


def test_records_are_found_by_their_words_once_these_are_indexed(staff):
    many(2, model="others")
    question = b'{"model": "wanted", "messages": [{"role": "user", "content": "Wo ist der Bahnhof?"}]}'
    add_record(request=question, opened_with={"model": "wanted"})
    assert "The newest 3 records cannot be found" in page(staff, f"{LIST}?q=bahnhof")
    while (indexer := Indexer(["node-a"])).work(10):
        pass
    assert not indexer.nodes
    html = page(staff, f"{LIST}?q=bahnhof").partition('id="changelist-filter"')[0]
    assert ("wanted" in html, "others" in html, "cannot be found" in html) == (True, False, False)


@pytest.mark.parametrize("spelled", [str, lambda pk: pk.hex])
def test_a_record_is_found_by_its_id(staff, spelled):
    many(2, model="others")
    record = add_record(opened_with={"model": "wanted"})
    html = page(staff, f"{LIST}?q={spelled(record.pk)}").partition('id="changelist-filter"')[0]
    assert ("wanted" in html, "others" in html) == (True, False)


def test_the_page_of_a_record_shows_both_sides_of_the_conversation(staff):
    record = add_record()
    html = page(staff, f"{LIST}{record.pk}/change/")
    for shown in ("Hello?", "Hi.", "sk-abc…", "p-1", "req_1", "&quot;finish_reason&quot;: &quot;stop&quot;"):
        assert shown in html


def test_what_a_record_does_not_have_is_a_dash(staff):
    record = add_record(b"", request=b"", answered_with={"headers": []})
    html = page(staff, f"{LIST}{record.pk}/change/")
    assert ">None<" not in html
    assert html.count(">–<") > 10


def test_the_page_of_a_stream_shows_the_bytes_as_sent(staff):
    sent = sse({"choices": [{"index": 0, "delta": {"content": "Hel"}}]}, DONE)
    record = add_record(sent, answered_with={"headers": SSE_HEADERS})
    assert "data: [DONE]" in page(staff, f"{LIST}{record.pk}/change/")


def test_the_page_reads_the_payload_once(staff, django_assert_max_num_queries):
    record = add_record()
    with django_assert_max_num_queries(15) as queries:  # six of them write the audit trail
        page(staff, f"{LIST}{record.pk}/change/")
    assert sum("logs_app_logpayload" in query["sql"] for query in queries.captured_queries) == 1


def test_what_others_wrote_is_shown_and_never_run(staff):
    body = f'{{"model": "m", "messages": [{{"role": "user", "content": "{HOSTILE}"}}]}}'.encode()
    record = add_record(
        body, request=body,
        opened_with={"model": HOSTILE, "path": f"/v1/{HOSTILE}", "headers": [[HOSTILE, HOSTILE]]},
        answered_with={"headers": [["content-type", "text/plain"], ["x-a", HOSTILE]], "provider": HOSTILE},
        closed_with={
            "error_message": HOSTILE,
            "edits": [{"kind": HOSTILE}],
            "attempts": [{"provider": HOSTILE, "error": HOSTILE}],
        },
    )  # fmt: skip
    for url in (LIST, f"{LIST}{record.pk}/change/"):
        html = page(staff, url)
        assert HOSTILE not in html
        assert "&lt;script&gt;" in html


def test_an_enormous_body_is_cut_for_the_browser(staff):
    record = add_record(b'{"a": "' + b"x" * 500_000 + b'"}')
    html = page(staff, f"{LIST}{record.pk}/change/")
    assert "more characters" in html
    assert len(html) < 700_000


def test_records_cannot_be_added_changed_or_deleted(staff):
    record = add_record()
    url = f"{LIST}{record.pk}/"
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{url}change/", {"model": "x"}).status_code == 403
    assert staff.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    record.refresh_from_db()
    assert record.model == "m-1"


def test_staff_without_the_permission_does_not_get_in():
    clerk = User.objects.create_user("clerk", is_staff=True)
    client = Client()
    client.force_login(clerk)
    assert client.get(LIST).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    assert client.get(LIST).status_code == 200


def test_pages_keep_to_the_content_security_policy(staff):
    record = add_record()
    for url in (LIST, f"{LIST}{record.pk}/change/"):
        html = page(staff, url)
        assert "style=" not in html
        assert " onclick=" not in html


def test_reading_a_record_is_audited_and_the_list_is_not(staff):
    record = add_record()
    page(staff, LIST)
    assert not AuditEvent.objects.filter(action="record.reveal").exists()
    page(staff, f"{LIST}{record.pk}/change/")
    event = AuditEvent.objects.get(action="record.reveal")
    assert (event.actor_name, event.target_id) == ("root", str(record.pk))


def test_prices_are_written_in_dollars(staff):
    seeding.load(ModelPrice, "default")  # a test before it may have emptied every table
    prices = "/admin/logs_app/modelprice/"
    assert "input 2.5, cached_input 1.25, output 10" in page(staff, f"{prices}?q=gpt-4o-2024-11-20")
    form = {"model": "mine", "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00", "input": "0.25"}
    form |= {"above_prompt_tokens": "0", "output": "nothing"}
    refused = staff.post(f"{prices}add/", form)
    assert "is no amount of dollars" in refused.content.decode()
    assert staff.post(f"{prices}add/", form | {"output": ""}).status_code == 302
    price = ModelPrice.objects.get(model="mine")
    assert (price.input, price.output) == (250_000_000, None)
    assert 'value="0.25"' in page(staff, f"{prices}{price.pk}/change/")
    assert AuditEvent.objects.filter(action="price.create").exists()
    unchanged = {"valid_from_0": "2026-01-01", "valid_from_1": "00:00:00", "model": "mine", "input": "0.250"}
    staff.post(f"{prices}{price.pk}/change/", unchanged | {"above_prompt_tokens": "0", "output": "1"})
    assert AuditEvent.objects.get(action="price.update").after == '{"output":1000000000}'
