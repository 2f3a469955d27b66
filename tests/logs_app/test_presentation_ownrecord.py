from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from logs_app import payloads
from logs_app.models import Attempt, LogPayload, LogRecord
from logs_app.presentation import ownrecord

serializers = pytest.importorskip("logs_app.presentation.serializers")

NOW = datetime(2026, 3, 10, 15, 0, 0, 123456, tzinfo=UTC)
ID = uuid.UUID("0195d0a0-0000-7000-8000-000000000001")


@pytest.fixture
def record(db: None) -> LogRecord:
    Attempt.objects.create(
        record_id=ID, number=1, provider="default", status_code=200, started_ms=1.5, latency_ms=9
    )
    LogPayload.objects.create(
        record_id=ID,
        request_headers=payloads.pack_json([["content-type", "application/json"]]),
        request_body=payloads.pack(b'{"model": "gpt-4o", "seed": 12345678901234567890123}'),
        request_content_type="application/json",
        response_body=payloads.pack(b"\xff\x00"),
        response_content_type="audio/mpeg",
        usage=payloads.pack_json({"total_tokens": 3}),
    )
    return LogRecord.objects.create(
        id=ID, node="n", seq=1, request_id=str(ID), created_at=NOW, finished_at=NOW, latency_ms=1.25,
        method="POST", path="/v1/chat/completions", endpoint="/v1/chat/completions", is_streaming=False,
        model="gpt-4o", key_id="7", key_kind="credential", key_name="app", project="Shop",
        outcome="completed",
        status_code=200, total_tokens=3, cost_nanos=1500, tags=["a"], parent=uuid.uuid4(),
        fold_error="internal",
    )  # fmt: skip


def find(request_id: str = str(ID), kind: str = "credential", key_id: str = "7") -> Any:
    found = ownrecord.find(kind, key_id, request_id)
    return found and json.loads(found)


def test_it_is_what_the_management_api_shows_without_what_is_internal(record: LogRecord) -> None:
    shown = json.loads(
        json.dumps(serializers.RecordDetailSerializer(LogRecord.objects.get()).data, default=str)
    )
    internal = {"node", "seq", "fold_error", "request_sent", "redaction_version"}
    for attempt in shown["attempts"]:
        del attempt["key"], attempt["message"]
    assert find() == {name: value for name, value in shown.items() if name not in internal}


def test_what_is_internal_is_nowhere_in_it(record: LogRecord) -> None:
    hidden = {"node", "seq", "fold_error", "fold_version", "cost_nanos", "request_sent"}
    assert not hidden & find().keys()
    assert not {"key", "message"} & find()["attempts"][0].keys()
    assert find()["cost"] == "0.000001500"


@pytest.mark.parametrize(("kind", "key_id"), [("credential", "8"), ("token", "7"), ("token", ""), ("", "")])
def test_another_key_finds_nothing(record: LogRecord, kind: str, key_id: str) -> None:
    assert find(kind=kind, key_id=key_id) is None


@pytest.mark.parametrize("request_id", ["0195d0a0-0000-7000-8000-000000000002", "x", "", "\0", "1" * 5000])
def test_an_id_of_no_record_finds_nothing(record: LogRecord, request_id: str) -> None:
    assert find(request_id) is None


def test_an_id_may_be_written_as_any_uuid(record: LogRecord) -> None:
    assert find(ID.hex.upper())["id"] == str(ID)


def test_a_record_without_bodies_is_found_too(record: LogRecord) -> None:
    LogPayload.objects.all().delete()
    assert (find()["request_body"], find()["request_headers"]) == (None, {})
