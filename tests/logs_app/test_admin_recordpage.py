"""The page of one record, its tabs, and what is fetched for it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.admin.recordtabs import TABS
from logs_app.models import LogPayload, LogRecord
from tests.logs_app.folds import DONE, chunk, sse
from tests.logs_app.journals import SSE_HEADERS
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db
LIST = "/admin/logs_app/logrecord/"
HOSTILE = "<script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n....."
LARGEST_PAGE = 100_000


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(client: Client, record: LogRecord, query: str = "") -> str:
    response = client.get(f"{LIST}{record.pk}/change/{query}")
    assert response.status_code == 200
    html = response.content.decode()
    assert len(html) < LARGEST_PAGE
    return html


def asking(*messages: Any, **changes: Any) -> LogRecord:
    request = {"model": "m-1", "messages": list(messages)}
    return add_record(request=json.dumps(request).encode(), **changes)


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


def stream(*texts: str) -> LogRecord:
    answer = sse(*(chunk({"content": text}) for text in texts), DONE)
    return add_record(answer, opened_with={"is_streaming": True}, answered_with={"headers": SSE_HEADERS})


def turn(*texts: str) -> LogRecord:
    record = asking(*(said(text) for text in texts))
    LogRecord.objects.filter(pk=record.pk).update(session="s-1")
    return record


every_tab = pytest.mark.parametrize("tab", TABS)


def test_a_page_shows_the_conversation_and_who_held_it(staff):
    html = page(staff, add_record())
    for shown in ("Hello?", "Hi.", "sk-abc…", "p-1", "req_1", "200 Completed", "5.0 ms", "m-1-2026"):
        assert shown in html


@every_tab
def test_every_tab_opens_for_a_whole_record_and_for_an_empty_one(staff, tab):
    page(staff, stream("Hel", "lo"), f"?tab={tab}")
    empty = add_record(b"", request=b"", answered_with={"headers": []})
    html = page(staff, empty, f"?tab={tab}")
    assert ">None<" not in html


@every_tab
def test_what_others_wrote_is_shown_and_never_run(staff, tab):
    call = {"id": HOSTILE, "function": {"name": HOSTILE, "arguments": HOSTILE}}
    answer = {"choices": [{"message": {"role": HOSTILE, "content": HOSTILE, "tool_calls": [call]}}]}
    record = asking(
        {"role": HOSTILE, "content": HOSTILE, "name": HOSTILE},
        answer=json.dumps(answer).encode(),
        opened_with={
            "model": HOSTILE, "path": f"/v1/{HOSTILE}", "query": HOSTILE,
            "headers": [[HOSTILE, HOSTILE], ["x-relay-tags", HOSTILE], ["x-relay-session", HOSTILE]],
        },
        answered_with={
            "headers": [["content-type", "application/json"], ["x-a", HOSTILE]], "provider": HOSTILE,
        },
        closed_with={
            "error_code": HOSTILE,
            "error_message": HOSTILE,
            "outcome": "failed",
            "edits": [{"kind": HOSTILE}, {"kind": "model_mapping", "from": HOSTILE, "to": HOSTILE}],
            "attempts": [{"provider": HOSTILE, "error": HOSTILE, "message": HOSTILE, "model": HOSTILE}],
        },
    )  # fmt: skip
    html = page(staff, record, f"?tab={tab}")
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert "style=" not in html and " onclick=" not in html


def test_a_tab_that_is_none_is_the_first(staff):
    assert "Hello?" in page(staff, add_record(), "?tab=<x>")


def test_what_is_no_record_is_not_found(staff):
    assert staff.get(f"{LIST}nonsense/change/").status_code == 404
    assert staff.get(f"{LIST}01a226dd-2ce9-748c-9a29-06a95a78af35/change/").status_code == 404


def test_a_failure_is_explained(staff):
    attempt = {"provider": "p-1", "status": 429, "error": None, "started_us": 1, "latency_us": 1}
    record = add_record(
        b'{"error": {"code": "slow_down", "message": "Slow down."}}',
        answered_with={"status": 429},
        closed_with={"status": 429, "attempts": [attempt]},
    )
    html = page(staff, record)
    for shown in ("p-1 refused the call", "Slow down.", "The provider&#x27;s fault.", "429 Failed"):
        assert shown in html


def test_a_record_leads_to_what_it_repeats_and_what_repeats_it(staff):
    original = add_record()
    again = add_record(opened_with={"parent": str(original.pk), "lineage": "replay"})
    assert f'replay: <a href="{LIST}{again.pk}/change/">' in page(staff, original)
    html = page(staff, again)
    assert f'replay <a href="{LIST}{original.pk}/change/">POST' in html
    assert f'<a href="{LIST}{original.pk}/beside/{again.pk}/">' in html


def test_two_records_stand_beside_each_other(staff):
    before = asking(said(HOSTILE), said("two\nlines", role="system"))
    after = asking(said(HOSTILE), said("two\nothers", role="system"), answer=answering("Hello again."))
    html = staff.get(f"{LIST}{before.pk}/beside/{after.pk}/").content.decode()
    for shown in (
        "Hi.",
        "Hello again.",
        "1 difference in the request",
        "/messages/1/content",
        "block-changed",
    ):
        assert shown in html
    assert HOSTILE not in html
    read = AuditEvent.objects.filter(action="record.reveal").values_list("target_id", flat=True)
    assert {str(before.pk), str(after.pk)} <= set(read)
    assert "The texts are the same." in staff.get(f"{LIST}{before.pk}/beside/{before.pk}/").content.decode()
    assert staff.get(f"{LIST}{before.pk}/beside/nonsense/").status_code == 404


def answering(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def test_a_session_is_walked_and_compared(staff):
    first, second = turn("<b>Hello</b>"), turn("<b>Hi</b>", "more")
    assert f'href="{LIST}{second.pk}/change/" rel="next"' in page(staff, first)
    html = page(staff, second, "?tab=session")
    assert f'href="{LIST}{first.pk}/change/" rel="prev"' in html
    assert "messages/0" in html and "<b>Hello</b>" not in html and "block-changed" in html
    read = AuditEvent.objects.filter(action="record.reveal").values_list("target_id", flat=True)
    assert {str(first.pk), str(second.pk)} <= set(read)
    assert "No request before this one" in page(staff, first, "?tab=session")


def test_a_record_is_shown_as_programs(staff):
    html = page(staff, add_record(), "?tab=use")
    assert "curl " in html and "from openai import OpenAI" in html and "await fetch" in html


def test_a_program_that_is_long_is_fetched_when_it_is_wanted(staff):
    record = asking(said("word " * 60_000))
    assert "openai" not in page(staff, record, "?tab=use")
    program = staff.get(f"{LIST}{record.pk}/program/python/")
    assert program["content-type"] == "text/plain; charset=utf-8"
    assert len(program.content) > 300_000
    assert staff.get(f"{LIST}{record.pk}/program/cobol/").status_code == 404
    page(staff, asking(said("**word** " * 3000)), "?tab=use")


def test_tags_lead_to_the_list_of_them(staff):
    headers = [["x-relay-tags", "a b,c"], ["x-relay-session", "s/1"], ["x-relay-user", "u&1"]]
    html = page(staff, add_record(opened_with={"headers": headers}))
    for link in (f"{LIST}?tag=a%20b", f"{LIST}?tag=c", f"{LIST}?session=s%2F1", f"{LIST}?user=u%261"):
        assert f'href="{link}"' in html


def test_events_of_a_stream_are_filtered(staff):
    html = page(staff, stream("apple", "pear"), "?tab=stream&q=pear")
    assert "pear" in html and "apple" not in html and "1 to 1 of 1, 3 in the stream" in html


def test_a_page_of_a_stream_is_light_however_long_it_is(staff):
    html = page(staff, stream(*['"words"'] * 3000), "?tab=stream")
    assert "1 to 100 of 3001" in html


def test_a_page_is_light_however_much_was_said(staff):
    many = [said("**word** `x` " * 1500, "assistant" if number % 2 else "user") for number in range(300)]
    html = page(staff, asking(*many, limit=16 << 20))
    assert "260 turns between are not shown" in html
    record = asking(said("x" * 3_000_000), limit=4 << 20)
    assert "more characters" in page(staff, record)


def test_one_payload_is_read_and_few_questions_are_asked(staff, django_assert_max_num_queries):
    record = add_record()
    page(staff, record)
    with django_assert_max_num_queries(10) as queries:  # the second look within a minute leaves no trace
        page(staff, record)
    assert sum("logs_app_logpayload" in query["sql"] for query in queries.captured_queries) == 1


def test_what_is_not_kept_is_said(staff):
    record = add_record()
    LogPayload.objects.all().delete()
    assert "not kept any more" in page(staff, record)


def test_what_was_redacted_is_marked(staff):
    assert '<span class="redacted">[EMAIL_1]</span>' in page(staff, asking(said("Write to [EMAIL_1]")))


# Parts, files, bodies


def test_a_part_is_there_as_it_was_written_and_as_it_is_shown(staff):
    record = asking(said(f"**so** {HOSTILE}"))
    response = staff.get(f"{LIST}{record.pk}/part/0/")
    assert response.content.decode() == f"**so** {HOSTILE}"
    assert response["content-type"] == "text/plain; charset=utf-8"
    shown = staff.get(f"{LIST}{record.pk}/part/0/?shown").content.decode()
    assert shown == "<p><strong>so</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    assert staff.get(f"{LIST}{record.pk}/part/99/").status_code == 404


def test_a_part_that_would_take_long_to_render_is_shown_as_written(staff):
    record = asking(said("**x** " * 50_000))
    assert staff.get(f"{LIST}{record.pk}/part/0/?shown").content.startswith(b'<pre class="code wrap">**x**')


def picture(content: bytes, content_type: str = "image/png") -> LogRecord:
    url = f"data:{content_type};base64,{base64.b64encode(content).decode()}"
    return asking({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})


def test_a_picture_is_shown_from_here(staff):
    record = picture(PNG)
    address = f"{LIST}{record.pk}/media/0/"
    assert f'<img src="{address}"' in page(staff, record)
    response = staff.get(address)
    assert (response.content, response["content-type"]) == (PNG, "image/png")
    assert response["content-disposition"].startswith("inline")
    part = staff.get(address, headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, PNG[2:6])


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html>"]
)
def test_what_only_calls_itself_a_picture_is_a_file_to_save(staff, content):
    record = picture(content, "image/svg+xml")
    assert "<img" not in page(staff, record).partition('class="conversation"')[2]
    response = staff.get(f"{LIST}{record.pk}/media/0/")
    assert response["content-type"] == "application/octet-stream"
    assert response["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["part/0/", "part/0/?shown", "media/0/", "body/request/", "body/raw/"])
def test_what_is_fetched_can_do_nothing_by_itself(staff, path):
    response = staff.get(f"{LIST}{picture(PNG).pk}/{path}")
    assert response.status_code == 200
    assert response["content-security-policy"] == "default-src 'none'; sandbox"
    assert response["x-content-type-options"] == "nosniff"
    assert "no-store" in response["cache-control"]


def test_a_part_that_is_no_file_is_no_picture(staff):
    record = asking(said("Hi"))
    assert staff.get(f"{LIST}{record.pk}/media/0/").status_code == 404


def test_bodies_are_there_elided_whole_and_to_save(staff):
    answer = json.dumps({"data": [{"embedding": [0.5] * 100}], "n": 2**70}).encode()
    record = add_record(answer, opened_with={"path": "/v1/embeddings", "endpoint": "/v1/embeddings"})
    address = f"{LIST}{record.pk}/body/response/"
    assert "96 more numbers" in staff.get(address).content.decode()
    whole = staff.get(f"{address}?whole&download")
    assert json.loads(whole.content) == json.loads(answer)
    assert whole["content-disposition"] == f'attachment; filename="{record.pk}-response.json"'
    assert staff.get(f"{LIST}{record.pk}/body/elsewhere/").status_code == 404
    assert staff.get(f"{LIST}{record.pk}/body/sent/").status_code == 404  # nothing differs


def test_all_four_sides_are_there(staff):
    edits = [{"kind": "inject_stream_usage"}, {"kind": "hide_usage_event"}]
    answer = sse(chunk({"content": "Hi"}), {"choices": [], "usage": {"prompt_tokens": 1}}, DONE)
    record = add_record(
        answer, opened_with={"is_streaming": True},
        answered_with={"headers": SSE_HEADERS}, closed_with={"edits": edits},
    )  # fmt: skip
    html = page(staff, record, "?tab=sides")
    assert html.count("changed</span>") == 2
    assert "include_usage" in staff.get(f"{LIST}{record.pk}/body/sent/").content.decode()
    assert "usage" not in staff.get(f"{LIST}{record.pk}/body/delivered/").content.decode()
    assert "prompt_tokens" in staff.get(f"{LIST}{record.pk}/body/raw/").content.decode()


# Permissions


def test_reading_leaves_a_trace_and_looking_at_times_does_not(staff):
    record = add_record()
    page(staff, record, "?tab=timeline")
    page(staff, record, "?tab=cost")
    assert not AuditEvent.objects.filter(action="record.reveal").exists()
    page(staff, record)
    assert AuditEvent.objects.get(action="record.reveal").target_id == str(record.pk)


def test_who_may_not_read_sees_that_something_was_said_and_not_what():
    viewer, browser = User.objects.create_user("viewer", is_staff=True), Client()
    viewer.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    browser.force_login(viewer)
    record = picture(PNG)
    for tab in TABS:
        html = page(browser, record, f"?tab={tab}")
        assert "Hi." not in html and "/replay/" not in html and 'href="?tab=conversation"' not in html
        assert "Where the time went" in html or tab == "cost"
        assert "that needs another permission" in html
    for path in ("part/0/", "media/0/", "body/request/", "body/raw/", "program/curl/"):
        assert browser.get(f"{LIST}{record.pk}/{path}").status_code == 403
    assert not AuditEvent.objects.filter(action="record.reveal").exists()
