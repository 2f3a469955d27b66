from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from logs_app.events import VERSION, Event, sample
from logs_app.models import LogPayload, LogRecord
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import ANSWER, REQUEST, SSE_HEADERS
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()


def event_of(record: Any, **options: Any) -> Event:
    return Event.of(record, **options)


def test_an_event_has_the_id_of_its_record_and_what_was_said() -> None:
    record = add_record()
    told = json.loads(event_of(record).as_json())
    assert told["version"] == VERSION
    assert told["id"] == str(record.pk)
    assert (told["node"], told["seq"]) == (record.node, record.seq)
    assert told["request"]["body"] == json.loads(REQUEST)
    assert told["response"]["body"] == json.loads(ANSWER)
    assert told["response"]["content_type"] == "application/json"
    assert (told["model"], told["model_served"]) == ("m-1", "m-1-2026")
    assert told["usage"]["total_tokens"] == 5
    assert (told["end_user"], told["session"], told["parent"]) == ("u-1", None, None)
    assert [attempt["provider"] for attempt in told["attempts"]] == ["p-1"]
    assert told["attempts"][0]["error"] is None


def test_times_are_utc_and_the_first_token_lies_between_beginning_and_end() -> None:
    told = event_of(add_record()).as_dict()
    assert told["created_at"] == "2025-11-20T17:33:20.123456Z"
    assert told["created_at"] < told["finished_at"]
    event = event_of(add_record(sse({"choices": [{"index": 0, "delta": {"content": "x"}}]}, DONE), **STREAM))
    assert event.first_token_at is not None
    assert event.created_at < event.first_token_at <= event.finished_at


STREAM: dict[str, Any] = {
    "opened_with": {"is_streaming": True},
    "answered_with": {"headers": SSE_HEADERS},
}


def test_the_raw_stream_is_for_those_who_ask_and_never_in_the_json() -> None:
    raw = sse({"choices": [{"index": 0, "delta": {"content": "Hi"}}]}, DONE)
    record = add_record(raw, **STREAM)
    assert event_of(record).response.raw is None
    event = event_of(record, with_raw=True)
    assert event.response.raw == raw.decode()
    assert event.as_dict() == event_of(record).as_dict()
    assert event.response.body["choices"][0]["message"]["content"] == "Hi"


def test_what_is_no_stream_has_no_raw_text() -> None:
    assert event_of(add_record(), with_raw=True).response.raw is None


@pytest.mark.parametrize("level", ["metadata", "off"])
def test_a_body_that_is_not_recorded_is_told_by_its_size(level: str) -> None:
    event = event_of(add_record(opened_with={"log": level}))
    assert event.request.body == {"withheld": level, "size": len(REQUEST)}
    assert event.response.body == {"withheld": level, "size": len(ANSWER)}
    assert event.request.is_withheld and event.response.is_withheld
    assert event.usage["total_tokens"] == 5


def test_a_body_that_retention_removed_is_told_by_its_size() -> None:
    record = add_record()
    LogPayload.objects.filter(pk=record.pk).delete()
    event = event_of(LogRecord.objects.get(pk=record.pk))
    assert event.request.body == {"withheld": "removed", "size": len(REQUEST)}


def test_no_body_is_null() -> None:
    assert event_of(add_record(request=b"")).as_dict()["request"]["body"] is None


def test_an_error_is_a_status_or_an_outcome() -> None:
    assert not event_of(add_record()).is_error
    assert event_of(add_record(answered_with={"status": 500}, closed_with={"status": 500})).is_error
    assert event_of(add_record(closed_with={"outcome": "client_disconnected"})).is_error


def test_a_sample_has_every_member_and_an_id_of_its_own() -> None:
    one, other = sample(), sample()
    assert one.id != other.id
    assert uuid.UUID(one.id).version == 7
    assert one.as_dict().keys() == event_of(add_record()).as_dict().keys()
    json.loads(one.as_json())


def test_the_page_names_every_member_and_no_other() -> None:
    event = event_of(add_record())
    parts = re.split(r"^### ", PAGE, flags=re.MULTILINE)
    members = {part.splitlines()[0]: re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) for part in parts}
    assert members["Members"] == list(event.as_dict())
    assert members["Request and response"] == list(event.request.as_dict())
    assert members["Usage"] == list(event.usage)
    assert members["Attempts"] == list(event.attempts[0])
