from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from logs_app.sinks import Refused, SinkError, Target, Unreachable
from logs_app.sinks.otlp import OtlpSink
from tests.ingestion import collector, said
from tests.logs_app.told import event, failed, message
from tests.receiver import Answer, Receiver

START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = "01890000-0000-7000-8000-00000000000a"


def attempt(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "number": number,
        "provider": "azure",
        "status_code": 200,
        "model": "gpt-4o",
        "error": None,
        "message": None,
        "started_ms": 10.0,
        "latency_ms": 200.0,
    } | changes


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(collector) as running:
        yield running


def tell(receiver: Receiver, *told: Any, key: str = "", **options: Any) -> None:
    with closing(OtlpSink(Target(receiver.url, key, options))) as sink:
        assert [delivery.outcome for delivery in sink.deliver(told)] == ["delivered"] * len(told)


def spans(receiver: Receiver, *told: Any, **options: Any) -> list[dict[str, Any]]:
    tell(receiver, *told, **options)
    resources = receiver.requests[-1].json["resourceSpans"]
    return [span for each in resources for scope in each["scopeSpans"] for span in scope["spans"]]


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in holder["attributes"]}


def test_a_call_is_a_span_and_its_attempts_are_below_it(receiver: Receiver) -> None:
    told = event(
        created_at=START,
        finished_at=START + timedelta(seconds=1),
        attempts=[
            attempt(1, status_code=None, error="upstream_timeout", message="no answer", latency_ms=5.0),
            attempt(2, provider="openai", started_ms=20.0),
        ],
    )
    call, first, second = spans(receiver, told)
    assert call["name"] == "chat test-event"
    assert call["startTimeUnixNano"] == f"{int(START.timestamp())}678901000"
    assert int(call["endTimeUnixNano"]) - int(call["startTimeUnixNano"]) == 10**9
    assert (call["kind"], first["kind"], second["kind"]) == (2, 3, 3)
    assert first["parentSpanId"] == second["parentSpanId"] == call["spanId"]
    assert len({call["spanId"], first["spanId"], second["spanId"]}) == 3
    assert (first["status"], second["status"]) == ({"code": 2, "message": "no answer"}, {})
    assert attributes(first)["error.type"] == "upstream_timeout"
    assert attributes(first)["gen_ai.provider.name"] == "azure.ai.openai"
    assert attributes(second)["http.request.resend_count"] == "1"
    assert int(second["startTimeUnixNano"]) - int(call["startTimeUnixNano"]) == 20_000_000
    assert receiver.requests[-1].path == "/v1/traces"


def test_ids_are_those_of_the_record(receiver: Receiver) -> None:
    told = event(attempts=[attempt(1)])
    once, again = spans(receiver, told), spans(receiver, told)
    assert once == again
    assert once[0]["traceId"] == uuid.UUID(told.id).hex
    assert once[0]["parentSpanId"] == ""


def test_it_belongs_to_the_trace_of_its_client(receiver: Receiver) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    (call,) = spans(receiver, event(request=message({}, headers=headers)))
    assert (call["traceId"], call["parentSpanId"]) == (TRACE, SPAN)


@pytest.mark.parametrize("text", [f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", "nonsense"])
def test_a_trace_that_cannot_be_is_not_taken(receiver: Receiver, text: str) -> None:
    told = event(request=message({}, headers={"traceparent": text}))
    assert spans(receiver, told)[0]["traceId"] == uuid.UUID(told.id).hex


def test_what_a_processor_asked_is_below_its_call(receiver: Receiver) -> None:
    (call,) = spans(receiver, event(lineage="processor", parent=PARENT))
    assert (call["traceId"], call["parentSpanId"]) == (uuid.UUID(PARENT).hex, "800000000000000a")


def test_a_failure_is_one(receiver: Receiver) -> None:
    (call,) = spans(receiver, failed())
    assert call["status"] == {"code": 2, "message": "Nobody answers."}
    assert attributes(call)["error.type"] == "upstream_unreachable"


def test_the_first_token_is_a_moment_of_the_span(receiver: Receiver) -> None:
    told = event(created_at=START, first_token_at=START + timedelta(milliseconds=100))
    (call,) = spans(receiver, told)
    (moment,) = call["events"]
    assert moment["name"] == "first_token"
    assert int(moment["timeUnixNano"]) - int(call["startTimeUnixNano"]) == 100_000_000


def test_what_was_said_goes_along_only_where_it_is_wished(receiver: Receiver) -> None:
    (without,) = spans(receiver, event())
    assert "gen_ai.input.messages" not in attributes(without)
    (call,) = spans(receiver, event(), content=True)
    asked = orjson.loads(attributes(call)["gen_ai.input.messages"])
    assert asked == [{"role": "user", "parts": [{"type": "text", "content": "Does this event arrive?"}]}]


def test_each_machine_is_a_resource(receiver: Receiver) -> None:
    spans(receiver, event(node="a"), event(node="b"), event(node="a"), service_name="gate")
    resources = [attributes(each["resource"]) for each in receiver.requests[-1].json["resourceSpans"]]
    assert [each["service.instance.id"] for each in resources] == ["a", "b"]
    assert {each["service.name"] for each in resources} == {"gate"}


@pytest.mark.parametrize(
    ("key", "options", "header", "value"),
    [
        ("k-1", {}, "authorization", "Bearer k-1"),
        ("Basic abc", {}, "authorization", "Basic abc"),
        ("k-1", {"key_header": "X-Honeycomb-Team"}, "x-honeycomb-team", "k-1"),
    ],
)
def test_the_key_is_sent_as_the_place_wants_it(receiver, key, options, header, value) -> None:
    tell(receiver, event(), key=key, **options)
    assert receiver.requests[-1].headers[header] == value


def test_rejected_spans_are_no_success(receiver: Receiver) -> None:
    receiver.answers = [said(200, {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}})]
    with pytest.raises(Refused, match="rejected 2 spans: too old"):
        tell(receiver, event(), event())
    receiver.answers = [said(200, {"partialSuccess": {"errorMessage": "a warning"}})]
    tell(receiver, event())


def test_a_busy_collector_is_waited_for(receiver: Receiver) -> None:
    receiver.answers = [Answer(503, headers={"retry-after": "2"})]
    with pytest.raises(Unreachable) as away:
        tell(receiver, event())
    assert away.value.after_seconds == 2


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (Target(), "endpoint"),
        (Target("http://c", options={"content": "yes"}), "options"),
        (Target("http://c", options={"headers": {}}), "options"),
        (Target("http://c", options={"service_name": 5}), "options"),
    ],
)
def test_a_target_that_cannot_be_used_says_what_is_wrong(target: Target, field: str) -> None:
    with pytest.raises(SinkError) as refused:
        OtlpSink(target)
    assert refused.value.field == field
