from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import ANSWER, REQUEST, SSE_HEADERS
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db

FIELDS = {
    "id", "request_id", "created_at", "finished_at", "method", "path", "model", "provider", "project",
    "key_name", "key_prefix", "status_code", "outcome", "is_streaming", "is_cached",
    "prompt_tokens", "completion_tokens",
    "total_tokens", "cached_tokens", "reasoning_tokens", "usage_estimated", "cost", "saved_cost",
    "latency_ms", "ttft_ms",
    "finish_reason", "error_code", "session", "prompt_fingerprint", "request_preview", "response_preview",
}  # fmt: skip


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


def get(client: Client, url: str, status: int = 200) -> dict:
    response = client.get(url)
    assert response.status_code == status, response.content
    assert response.headers["content-type"] == "application/json"
    return response.json()


def follow(client: Client, link: str | None) -> dict:
    assert link is not None
    parts = urlsplit(link)
    return get(client, f"{parts.path}?{parts.query}")


def listed(page: dict) -> list[str]:
    return [record["id"] for record in page["results"]]


def test_the_list_shows_what_happened(api):
    record = add_record()
    (shown,) = get(api, "/manage/logs")["results"]
    assert shown.keys() == FIELDS
    assert shown == shown | {
        "id": str(record.pk),
        "request_id": "req_1",
        "created_at": "2025-11-20T17:33:20.123456Z",
        "finished_at": "2025-11-20T17:33:20.128456Z",
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": "m-1",
        "provider": "p-1",
        "project": None,
        "key_name": "first",
        "key_prefix": "sk-abc…",
        "status_code": 200,
        "outcome": "completed",
        "prompt_tokens": 3,
        "usage_estimated": False,
        "cost": None,
        "latency_ms": 5.0,
        "ttft_ms": None,
        "finish_reason": "stop",
        "request_preview": "Hello?",
        "response_preview": "Hi.",
    }


def test_the_newest_come_first_in_pages_that_do_not_shift(api):
    records = sorted((str(record.pk) for record in many(120)), reverse=True)
    first = get(api, "/manage/logs")
    many(3)  # while somebody turns the pages
    second = follow(api, first["next"])
    third = follow(api, second["next"])
    assert listed(first) + listed(second) + listed(third) == records
    assert third["next"] is None
    assert listed(follow(api, third["previous"])) == listed(second)


@pytest.mark.parametrize(("asked", "given"), [("2", 2), ("200", 200), ("5000", 200)])
def test_a_page_has_the_size_that_was_asked_for_up_to_200(api, asked, given):
    many(201)
    assert len(get(api, f"/manage/logs?page_size={asked}")["results"]) == given


@pytest.mark.parametrize("cursor", ["nonsense", "cD1mb28=", "cD0lMDA="])
def test_a_made_up_cursor_is_an_error(api, cursor):
    many(2)
    assert get(api, f"/manage/logs?cursor={cursor}", 400)["error"]["param"] == "cursor"


def test_no_list_counts_records_or_reads_payloads(api, django_assert_num_queries):
    many(60)
    with django_assert_num_queries(3) as queries:  # the first asks whether this address is locked out
        get(api, "/manage/logs")
    sql = " ".join(query["sql"] for query in queries.captured_queries[1:])
    assert "COUNT" not in sql
    assert "logs_app_logpayload" not in sql


def test_a_record_is_found_by_each_of_its_request_ids(api):
    many(3)
    headers = [["content-type", "application/json"], ["x-request-id", "from the client"]]
    record = add_record(
        opened_with={"headers": headers}, answered_with={"headers": [["x-request-id", "req_from_provider"]]}
    )
    for request_id in ("from the client", "req_from_provider", str(record.pk), record.pk.hex):
        assert listed(get(api, f"/manage/logs?request_id={request_id}")) == [str(record.pk)]
    for unknown in ("unknown", "x" * 500, "%F0%9F%98%80"):
        assert listed(get(api, f"/manage/logs?request_id={unknown}")) == []
    for impossible in ("%00", "x" * 5000, ""):
        assert get(api, f"/manage/logs?request_id={impossible}", 400)["error"]["param"] == "request_id"


@pytest.mark.parametrize("path", ["/manage/logs", "/manage/logs/"])
def test_the_list_answers_with_and_without_its_last_slash(api, path):
    assert listed(get(api, path)) == []


@pytest.mark.parametrize("end", ["", "/"])
def test_a_record_answers_with_and_without_its_last_slash(api, end):
    record = add_record()
    assert get(api, f"/manage/logs/{record.pk}{end}")["id"] == str(record.pk)


def test_a_record_shows_everything(api):
    record = add_record(closed_with={"edits": [{"kind": "hide_usage_event"}]})
    shown = get(api, f"/manage/logs/{record.pk}")
    assert shown.keys() > FIELDS
    assert shown["request_headers"] == {"content-type": "application/json", "authorization": "***"}
    assert shown["request_body"] == json.loads(REQUEST)
    assert shown["response_headers"]["x-request-id"] == "req_1"
    assert shown["response_body"] == json.loads(ANSWER)
    assert shown["response_raw"] == ANSWER.decode()
    assert shown["attempts"] == [
        {
            "number": 1,
            "provider": "p-1",
            "status_code": 200,
            "model": "",
            "key": "",
            "error": "",
            "message": "",
            "started_ms": 0.1,
            "latency_ms": 4.0,
            "prompt_tokens": 3,
            "completion_tokens": 2,
        }
    ]
    assert shown["edits"] == [{"kind": "hide_usage_event"}]
    assert shown["usage"] == json.loads(ANSWER)["usage"]
    assert shown["timings"] == [[2000, len(ANSWER)]]


def test_a_stream_is_shown_put_together_and_as_sent(api):
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Grüße"}}]}
    sent = sse(chunk, DONE)
    record = add_record(sent, opened_with={"is_streaming": True}, answered_with={"headers": SSE_HEADERS})
    shown = get(api, f"/manage/logs/{record.pk}")
    assert shown["response_body"]["choices"][0]["message"]["content"] == "Grüße"
    assert shown["response_raw"] == sent.decode()
    assert shown["is_streaming"] is True


def test_a_body_of_bytes_is_base64(api):
    record = add_record(b"\x00\xff\x01", answered_with={"headers": [["content-type", "audio/mpeg"]]})
    shown = get(api, f"/manage/logs/{record.pk}")
    assert shown["response_body"] == {
        "base64": base64.b64encode(b"\x00\xff\x01").decode(),
        "content_type": "audio/mpeg",
    }
    assert shown["response_raw"] is None


def test_a_body_that_was_cut_says_so(api):
    answer = b'"' + b"x" * 5000 + b'"'
    record = add_record(answer, limit=1000)
    body = get(api, f"/manage/logs/{record.pk}")["response_body"]
    assert (body["truncated"], body["size"], len(body["sha256"])) == (True, 5002, 64)
    assert (len(body["first"]), len(body["last"])) == (500, 500)


@pytest.mark.parametrize("id", ["01999999-9999-7999-8999-999999999999", "nonsense", "x" * 500])
def test_an_unknown_record_is_not_found(api, id):
    assert get(api, f"/manage/logs/{id}", 404)["error"]["code"] == "not_found"


def test_other_methods_are_refused_as_json(api):
    response = api.post("/manage/logs/", {}, "application/json")
    assert (response.status_code, response.headers["content-type"]) == (405, "application/json")


@pytest.mark.parametrize("path", ["/manage/logs", "/manage/logs/01999999-9999-7999-8999-999999999999"])
def test_without_a_token_nothing_is_shown(path):
    response = Client().get(path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/json"


def test_staff_that_is_signed_in_sees_records():
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    record = add_record()
    assert listed(get(client, "/manage/logs")) == [str(record.pk)]


def test_staff_without_the_permission_is_turned_away():
    clerk = User.objects.create_user("clerk", is_staff=True)
    client = Client()
    client.force_login(clerk)
    record = add_record()
    get(client, "/manage/logs", 403)
    get(client, f"/manage/logs/{record.pk}", 403)
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    assert listed(get(client, "/manage/logs")) == [str(record.pk)]


def test_who_is_no_staff_is_turned_away():
    client = Client()
    client.force_login(User.objects.create_user("visitor"))
    get(client, "/manage/logs", 403)


def test_reading_a_record_is_audited_and_the_list_is_not(api):
    record = add_record()
    get(api, "/manage/logs")
    assert not AuditEvent.objects.filter(action="record.reveal").exists()
    get(api, f"/manage/logs/{record.pk}")
    get(api, f"/manage/logs/{record.pk}")
    event = AuditEvent.objects.get(action="record.reveal")
    assert (event.actor_kind, event.target_id) == ("token", str(record.pk))


def test_a_vector_is_shown_in_short_and_kept_in_full(api):
    answer = json.dumps({"object": "list", "data": [{"embedding": [0.5] * 100}], "model": "e"}).encode()
    record = add_record(answer, opened_with={"path": "/v1/embeddings"})
    short, full = (get(api, f"/manage/logs/{record.pk}{query}") for query in ("", "?full=true"))
    assert short["response_body"]["data"][0]["embedding"][-1] == "… 96 more numbers"
    assert short["response_raw"] is None
    assert full["response_body"]["data"][0]["embedding"] == [0.5] * 100
    assert full["response_raw"] == answer.decode()
    assert short["response_preview"] == "1 embedding of 100 numbers"
