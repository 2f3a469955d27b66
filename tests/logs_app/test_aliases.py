from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.aliases import pages
from logs_app.models import Attempt, LogPayload, LogRecord, RecordTag
from tests.logs_app.journals import ANSWER, REQUEST
from tests.logs_app.records import add_record, many
from tests.logs_app.test_api import get, listed

pytestmark = pytest.mark.django_db

LOG_FIELDS = {
    "id", "created_at", "finished_at", "latency_ms", "route", "method", "provider_model", "streamed",
    "proxy_status", "provider_status", "error_code", "error_message", "token_usage_total",
    "client_api_key_id",
    "api_key_name",
}  # fmt: skip
V1_FIELDS = {
    "id", "timestamp", "request_id", "endpoint", "credential_name", "model_requested", "model_mapped",
    "provider_name", "is_streaming", "status_code", "input_tokens", "output_tokens", "total_tokens",
    "total_duration_ms", "ttft_ms", "error_category", "error_code", "error_message",
}  # fmt: skip
PAGE = {"total", "total_is_capped", "page", "page_size", "total_pages"}


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


def failing(status: int = 500, **closed: Any) -> LogRecord:
    return add_record(
        b'{"error": {"message": "no", "code": "broken"}}',
        answered_with={"status": status},
        closed_with={"status": status} | closed,
    )


def ids(page: dict) -> list[str]:
    return [row["id"] for row in page.get("logs", page.get("items", []))]


@pytest.mark.parametrize("end", ["", "/"])
def test_logs_have_the_page_shape_of_an_earlier_system(api, end):
    record = add_record()
    page = get(api, f"/admin/logs{end}")
    assert page.keys() == PAGE | {"logs"}
    (log,) = page["logs"]
    assert log.keys() == LOG_FIELDS
    assert (log["id"], log["route"], log["proxy_status"]) == (str(record.pk), "/v1/chat/completions", 200)
    assert (log["token_usage_total"], log["api_key_name"], log["latency_ms"]) == (5, "first", 5)
    detail = get(api, f"/admin/logs/{record.pk}{end}")
    assert json.loads(detail["request_body_full"]) == json.loads(REQUEST)
    assert json.loads(detail["response_body_full"]) == json.loads(ANSWER)
    assert (detail["truncated"], detail["partial"], detail["cost_estimated"]) == (False, False, None)


def test_pages_are_numbered_and_counted(api):
    newest_first = sorted((str(record.pk) for record in many(5)), reverse=True)
    page = get(api, "/admin/logs?page=2&page_size=2")
    assert ids(page) == newest_first[2:4]
    assert {name: page[name] for name in PAGE} == {
        "total": 5, "total_is_capped": False, "page": 2, "page_size": 2, "total_pages": 3,
    }  # fmt: skip
    assert ids(get(api, "/admin/logs?page=9")) == []


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page_size=201", "page_size=", "status=good", "streamed=2"]
)
def test_what_cannot_be_is_an_error(api, query):
    assert get(api, f"/admin/logs?{query}", 400)["error"]["param"] == query.partition("=")[0].replace(
        "streamed", "stream"
    )


def test_a_total_of_many_is_the_sum_that_is_kept_or_says_that_there_are_more(api, monkeypatch):
    monkeypatch.setattr(pages, "MOST_COUNTED", 2)
    many(4)
    add_record(opened_with={"model": "m-2"})
    for query, total, is_capped in (
        ("", 5, False), ("?model=m-1", 4, False), ("?model=m-2", 1, False),
        ("?start_date=2020-01-01", 2, True),
        ("?streamed=false", 2, True), ("?status=success", 2, True),
    ):  # fmt: skip
        page = get(api, f"/admin/logs{query}")
        assert (page["total"], page["total_is_capped"]) == (total, is_capped), query


def test_logs_are_narrowed_by_the_names_of_an_earlier_system(api):
    good = str(add_record(opened_with={"path": "/v1/files", "method": "GET", "is_streaming": True}).pk)
    bad = str(failing().pk)
    both = [bad, good]
    for query, wanted in (
        ("route=/v1/files", [good]), ("method=get", [good]), ("status=success", [good]),
        ("status=error", [bad]),
        ("streamed=true", [good]), ("api_key_id=1", both), ("api_key_id=2", []), ("model=m-1", both),
        ("start_date=1h", both), ("end_date=2020-01-01T00:00:00", []),
    ):  # fmt: skip
        assert ids(get(api, f"/admin/logs?{query}")) == wanted, query


def test_v1_logs_have_the_shape_of_another_earlier_system(api):
    record = add_record()
    page = get(api, "/admin/v1/logs")
    assert page.keys() == PAGE | {"items"}
    (log,) = page["items"]
    assert log.keys() == V1_FIELDS
    assert (log["input_tokens"], log["output_tokens"], log["error_category"]) == (3, 2, None)
    assert (log["credential_name"], log["model_requested"], log["provider_name"]) == ("first", "m-1", "p-1")
    detail = get(api, f"/admin/v1/logs/{record.pk}")
    assert detail["request_body"] == json.loads(REQUEST)
    assert detail["request_headers"]["authorization"] == "***"


def test_v1_logs_are_narrowed_and_put_in_order(api):
    slow = add_record(closed_with={"latency_us": 900_000})
    bad, quick = failing(), add_record()
    given = {name: str(record.pk) for name, record in (("slow", slow), ("bad", bad), ("quick", quick))}
    for query, wanted in (
        ("sort_by=total_duration_ms", ["slow", "quick", "bad"]),
        ("sort_by=total_duration_ms&sort_order=asc&status_code=200", ["quick", "slow"]),
        ("sort_order=asc", ["slow", "bad", "quick"]), ("error_only=true", ["bad"]),
        ("status_code=500", ["bad"]),
        ("error_category=provider_5xx", ["bad"]), ("error_category=timeout", []),
        ("credential_name=first&model=m-1", None),
        ("start_time=1h", None), ("is_streaming=false&provider_name=p-1", None),
    ):  # fmt: skip
        found = ids(get(api, f"/admin/v1/logs?{query}"))
        all_of_them = ["quick", "bad", "slow"]
        assert found == [given[name] for name in (all_of_them if wanted is None else wanted)], query
    assert get(api, "/admin/v1/logs?sort_by=colour", 400)["error"]["param"] == "sort_by"


def test_v1_stats_sum_up(api):
    many(3)
    failing()
    found = get(api, "/admin/v1/logs/stats")
    assert (found["total_requests"], found["total_errors"], found["error_rate"]) == (4, 1, 0.25)
    assert (found["total_input_tokens"], found["avg_duration_ms"]) == (9, 5.0)
    assert found["requests_by_provider"] == {"p-1": 4}
    assert found["requests_by_model"] == {"m-1": 4}
    assert found["requests_by_status"] == {"200": 3, "500": 1}
    assert get(api, "/admin/v1/logs/stats?model=m-2")["total_requests"] == 0
    assert get(api, "/admin/v1/logs/stats?is_streaming=true")["total_requests"] == 0


@pytest.mark.parametrize(
    ("status", "closed", "category"),
    [
        (500, {}, "provider_5xx"),
        (429, {}, "provider_4xx"),
        (504, {"error_code": "upstream_timeout"}, "timeout"),
        (502, {"error_code": "upstream_unreachable"}, "connect_error"),
        (502, {"error_code": "upstream_disconnected"}, "network_error"),
        (200, {"outcome": "upstream_truncated"}, "stream_error"),
        (200, {"outcome": "interrupted"}, "internal_error"),
        (403, {"outcome": "rejected"}, "rejected"),
    ],
)
def test_errors_have_the_categories_of_an_earlier_system(api, status, closed, category):
    record = failing(status, **closed)
    add_record()
    page = get(api, "/admin/v1/error-logs")
    assert [(row["id"], row["error_category"]) for row in page["items"]] == [(str(record.pk), category)]
    assert ids(get(api, f"/admin/v1/error-logs?error_category={category}")) == [str(record.pk)]


def test_an_error_log_is_a_record_that_failed(api):
    good, bad = add_record(), failing()
    assert get(api, f"/admin/v1/error-logs/{bad.pk}")["error_code"] == "broken"
    get(api, f"/admin/v1/error-logs/{good.pk}", 404)


def test_a_deleted_record_is_gone_with_all_that_was_kept_of_it(api):
    bad = failing()
    (kept,) = many(1)
    RecordTag.objects.create(tag="t", record_id=bad.pk)
    assert api.delete(f"/admin/v1/error-logs/{kept.pk}").status_code == 404
    assert api.delete(f"/admin/v1/error-logs/{bad.pk}").status_code == 204
    assert api.delete(f"/admin/v1/error-logs/{bad.pk}").status_code == 204
    assert api.delete("/admin/v1/error-logs/nonsense").status_code == 404
    for model in (LogPayload, Attempt, RecordTag):
        assert not model.objects.filter(record_id=bad.pk).exists()
    assert LogRecord.objects.get() == kept
    assert AuditEvent.objects.get(action="record.delete").target_id == str(bad.pk)


def delete(client: Client, path: str, given: Any) -> Any:
    return client.post(f"/admin/v1/{path}/batch-delete", given, "application/json")


def test_many_are_deleted_at_once(api):
    records = many(3)
    given = [str(record.pk) for record in records[:2]] + ["01999999-9999-7999-8999-999999999999"]
    assert delete(api, "logs", {"ids": given}).json() == {"deleted": 2}
    assert listed(get(api, "/manage/logs")) == [str(records[2].pk)]
    assert delete(api, "logs", {"ids": []}).json() == {"deleted": 0}
    assert delete(api, "error-logs", {"ids": [str(records[2].pk)]}).json() == {"deleted": 0}
    assert delete(api, "logs", {"ids": given * 400}).status_code == 400
    assert delete(api, "logs", {}).status_code == 400


def test_who_may_only_see_may_not_delete():
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    client = Client()
    client.force_login(clerk)
    record = add_record()
    assert ids(get(client, "/admin/v1/logs")) == [str(record.pk)]
    assert client.delete(f"/admin/v1/logs/{record.pk}").status_code == 403
    assert delete(client, "logs", {"ids": [str(record.pk)]}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/admin/logs", "/admin/v1/logs", "/admin/v1/logs/stats", "/admin/v1/error-logs"]
)
def test_without_a_token_nothing_is_shown(path):
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize("query", ["is_streaming=2", "status_code=", "start_time=never"])
def test_statistics_that_cannot_be_are_an_error(api, query):
    assert get(api, f"/admin/v1/logs/stats?{query}", 400)["error"]["code"] == "invalid"


def test_error_logs_have_no_statistics_of_their_own(api):
    get(api, "/admin/v1/error-logs/stats", 404)
