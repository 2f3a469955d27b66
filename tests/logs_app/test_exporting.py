from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.test import AsyncClient

from accounts.models import AuditEvent
from logs_app import exporting
from logs_app.exporting import FORMATS, Count, csvtable, portions
from logs_app.models import LogRecord
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import ANSWER, REQUEST, SSE_HEADERS
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db
CHAT = {
    "id": "c", "object": "chat.completion", "model": "m-1",
    "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": None, "audio": None,
        "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}  # fmt: skip
ASKED = {
    "model": "m-1",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "Hello?"}],
    "tools": [{"type": "function", "function": {"name": "f"}}],
}


def exported(name: str, **filters: Any) -> bytes:
    return b"".join(exporting.stream(LogRecord.objects.filter(**filters), FORMATS[name]))


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in exported(name).splitlines()]


@pytest.fixture
def bearer(settings) -> dict[str, str]:
    settings.MANAGEMENT_TOKEN = "the management token"
    return {"authorization": "Bearer the management token"}


def test_jsonl_says_what_the_api_says_of_each_record_oldest_first():
    first, second = many(2)
    found = lines("jsonl")
    assert [row["id"] for row in found] == sorted([str(first.pk), str(second.pk)])
    assert found[0]["request_body"] == json.loads(REQUEST)
    assert found[0]["response_body"] == json.loads(ANSWER)
    assert found[0]["attempts"][0]["provider"] == "p-1"


def test_integers_of_any_size_keep_their_digits():
    add_record(request=b'{"model":"m","seed":123456789012345678901234567890}')
    assert lines("jsonl")[0]["request_body"]["seed"] == 123456789012345678901234567890


def test_csv_is_the_metadata_and_nothing_that_was_said():
    record = add_record()
    (row,) = csv.DictReader(io.StringIO(exported("csv").decode()))
    assert row["id"] == str(record.pk)
    assert row["created_at"] == "2025-11-20T17:33:20.123456Z"
    assert (row["prompt_tokens"], row["is_streaming"], row["cached_tokens"]) == ("3", "false", "")
    assert "Hello?" not in exported("csv").decode()


def test_an_export_of_nothing_still_has_its_head():
    assert exported("csv").startswith(b"id,node,")
    assert exported("jsonl") == b""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_of_a_stranger_is_a_formula(text):
    add_record(opened_with={"model": f"{text}x"})
    (row,) = csv.DictReader(io.StringIO(exported("csv").decode(), newline=""))
    assert row["model"] == f"'{text}x"


def test_numbers_of_ours_stay_numbers():
    assert [csvtable.cell(value) for value in (-1, -0.5, None, True, ["=1"])] == [
        -1, -0.5, None, "true", '["=1"]',
    ]  # fmt: skip


def test_a_batch_file_has_the_requests_without_their_streaming():
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    record = add_record(
        sse(chunk, DONE), request=json.dumps(ASKED).encode(), answered_with={"headers": SSE_HEADERS}
    )
    add_record(opened_with={"path": "/v1/audio/speech"})
    assert lines("openai-batch") == [
        {
            "custom_id": str(record.pk),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {name: ASKED[name] for name in ("model", "messages", "tools")},
        }
    ]


def test_a_fine_tuning_file_has_conversations_that_went_well():
    add_record(json.dumps(CHAT).encode(), request=json.dumps(ASKED).encode())
    add_record(json.dumps(CHAT).encode(), request=b"no json")
    add_record(b'{"error": {"message": "no"}}', answered_with={"status": 500}, closed_with={"status": 500})
    assert lines("openai-finetune") == [
        {
            "messages": [
                {"role": "user", "content": "Hello?"},
                {"role": "assistant", "tool_calls": CHAT["choices"][0]["message"]["tool_calls"]},
            ],
            "tools": ASKED["tools"],
        }
    ]


def test_what_a_format_cannot_say_is_counted():
    many(2)
    add_record(request=b"no json")
    count = Count()
    list(exporting.stream(LogRecord.objects.all(), FORMATS["openai-batch"], count))
    assert count == Count(read=3, written=2)


def test_records_are_read_in_pages_and_their_payloads_with_three_questions(
    monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(portions, "ROWS", 4)
    many(6)
    with django_assert_num_queries(7):  # of pages 3, of payloads and attempts 2 each
        assert len(lines("jsonl")) == 6


def test_large_bodies_are_in_memory_only_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(portions, "PORTION_BYTES", 3 * (len(ANSWER) + len(REQUEST)) - 1)
    many(7)
    found = portions.of(LogRecord.objects.all(), with_payloads=True)
    assert [len(portion) for portion in found] == [3, 3, 1]


def get(url: str, headers: Any = None, client: Any = None) -> tuple[Any, bytes]:
    """In the thread of the test, whose transaction no other one sees into."""

    async def ask() -> tuple[Any, bytes]:
        response = await (client or AsyncClient()).get(url, headers=headers)
        return response, b"".join([part async for part in response]) if response.streaming else b""

    return async_to_sync(ask)()


def test_the_api_streams_what_the_filters_leave(bearer):
    record = add_record()
    many(2)
    response, body = get(f"/manage/logs/export?request_id={record.pk}", bearer)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"].startswith('attachment; filename="records-')
    assert [json.loads(line)["id"] for line in body.splitlines()] == [str(record.pk)]


@pytest.mark.parametrize("query", ["format=xml", "request_id=%00", "format="])
def test_what_cannot_be_exported_is_an_error(bearer, query):
    assert get(f"/manage/logs/export?{query}", bearer)[0].status_code == 400


def test_an_export_is_in_the_audit_log(bearer):
    get("/manage/logs/export?format=csv&request_id=abc", bearer)
    event = AuditEvent.objects.get(action="record.export")
    assert json.loads(event.detail)["filters"] == {"request_id": "abc"}
    assert event.target_name == "csv"


def test_who_may_not_see_records_gets_none():
    browser = AsyncClient()
    browser.force_login(User.objects.create_user("clerk", is_staff=True))
    assert get("/manage/logs/export", client=browser)[0].status_code == 403
    assert get("/manage/logs/export")[0].status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_client_that_leaves_ends_the_export(bearer, monkeypatch):
    monkeypatch.setattr(portions, "ROWS", 1)
    many(8)
    read: list[int] = []
    attach = portions.attach
    monkeypatch.setattr(portions, "attach", lambda portion: (read.append(1), attach(portion))[1])
    async_to_sync(_leave_after_a_part)("/manage/logs/export", bearer)
    assert 0 < len(read) < 8


async def _leave_after_a_part(path: str, given: dict[str, str]) -> None:
    has_part = asyncio.Event()
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await has_part.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):
            has_part.set()
            await asyncio.sleep(0.05)

    headers = [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in given.items())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await get_asgi_application()(scope, receive, send)
