from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from logs_app.sinks import SinkError, Target, Unreachable
from logs_app.sinks.helicone import CONNECTIONS, HeliconeSink
from tests.ingestion import helicone
from tests.logs_app.told import event, failed, message
from tests.receiver import RESET, Answer, Received, Receiver

START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(helicone) as running:
        yield running


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[HeliconeSink]:
    sink = HeliconeSink(Target(receiver.url, "sk-helicone-1"))
    yield sink
    sink.close()


def outcomes(deliveries) -> list[str]:
    return [delivery.outcome for delivery in deliveries]


def sent(sink: HeliconeSink, receiver: Receiver, told: Any) -> Received:
    assert outcomes(sink.deliver([told])) == ["delivered"]
    return receiver.requests[-1]


def test_a_call_has_its_true_times_and_what_was_said(sink: HeliconeSink, receiver: Receiver) -> None:
    told = event(created_at=START, finished_at=START + timedelta(milliseconds=2_500), ttft_ms=120.4)
    request = sent(sink, receiver, told)
    assert request.headers["authorization"] == "Bearer sk-helicone-1"
    seconds = int(START.timestamp())
    assert request.json["timing"] == {
        "startTime": {"seconds": seconds, "milliseconds": 678},
        "endTime": {"seconds": seconds + 3, "milliseconds": 178},
        "timeToFirstToken": 120,
    }
    assert request.json["providerRequest"]["json"] == told.request.body
    assert request.json["providerResponse"]["json"] == told.response.body
    assert request.json["providerResponse"]["status"] == 200


def test_a_stream_goes_along_as_it_was(sink: HeliconeSink, receiver: Receiver) -> None:
    raw = 'data: {"choices": []}\n\ndata: [DONE]\n\n'
    assert HeliconeSink.wants_raw
    told = event(is_streaming=True, response=message({"choices": []}, raw=raw))
    answer = sent(sink, receiver, told).json["providerResponse"]
    assert (answer["json"], answer["textBody"]) == ({}, raw)
    of_unknown_text = event(is_streaming=True, response=message({"choices": []}))
    assert sent(sink, receiver, of_unknown_text).json["providerResponse"]["json"] == {"choices": []}


def test_user_session_and_properties_are_headers(sink: HeliconeSink, receiver: Receiver) -> None:
    headers = {
        "helicone-session-path": "/plan/step",
        "helicone-property-team": "blue",
        "helicone-auth": "Bearer sk-other",
        "helicone-cache-enabled": "true",
    }
    told = event(
        end_user="Žofie\n1",
        session="s-1",
        project="100 % ours",
        tags=["a", "b"],
        request=message({"messages": []}, headers=headers),
    )
    request = sent(sink, receiver, told)
    expected = {
        "helicone-request-id": told.id,
        "helicone-user-id": "%C5%BDofie%0A1",
        "helicone-session-id": "s-1",
        "helicone-session-path": "/plan/step",
        "helicone-property-team": "blue",
        "helicone-property-project": "100 %25 ours",
        "helicone-property-tags": "a,b",
    }
    assert request.headers.items() >= expected.items()
    meta = {name.lower(): value for name, value in request.json["providerRequest"]["meta"].items()}
    assert meta.items() >= expected.items()
    assert not {"helicone-auth", "helicone-cache-enabled"} & (request.headers.keys() | meta.keys())


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"model_served": "gpt-4o-2024"}, "/oai/v1/log"),
        ({"model_served": "qwen-max"}, "/custom/v1/log"),
        ({"model_served": "claude-x", "endpoint": "/v1/messages"}, "/anthropic/v1/log"),
    ],
)
def test_prices_are_looked_up_where_they_are(sink, receiver, changes: dict[str, str], path: str) -> None:
    assert sent(sink, receiver, event(**changes)).path == path


def test_the_whole_address_is_used_as_it_is(receiver: Receiver) -> None:
    sink = HeliconeSink(Target(f"{receiver.url}/custom/v1/log", "sk-helicone-1"))
    assert sent(sink, receiver, event(model_served="gpt-4o")).path == "/custom/v1/log"
    sink.close()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 503),
        ({"status_code": None}, 503),
        ({"status_code": 200, "outcome": "upstream_truncated"}, 502),
        ({"status_code": 200, "outcome": "client_disconnected"}, -3),
        ({"status_code": 429}, 429),
    ],
)
def test_a_failure_never_looks_like_success(sink, receiver, changes: dict[str, Any], status: int) -> None:
    answer = sent(sink, receiver, failed(**changes)).json["providerResponse"]
    assert answer["status"] == status
    assert answer["json"]["error"] == "Nobody answers."


def test_several_are_on_their_way_at_once(receiver: Receiver) -> None:
    """The barrier opens only when as many as there are connections wait at it."""
    barrier = threading.Barrier(CONNECTIONS)

    def together(received: Received) -> Answer:
        barrier.wait(timeout=20)
        return helicone(received)

    receiver.service = together
    sink = HeliconeSink(Target(receiver.url, "sk-helicone-1"))
    told = [event() for _ in range(3 * CONNECTIONS)]
    assert outcomes(sink.deliver(told)) == ["delivered"] * len(told)
    assert receiver.connections <= CONNECTIONS
    assert {request.headers["helicone-request-id"] for request in receiver.requests} == {e.id for e in told}
    sink.close()


def test_only_what_did_not_arrive_comes_again(sink: HeliconeSink, receiver: Receiver) -> None:
    bad, late, good = event(), event(), event()
    answers = {bad.id: Answer(400, b"what is this"), late.id: Answer(429, headers={"retry-after": "3"})}

    def service(received: Received) -> Answer:
        return answers.get(received.headers["helicone-request-id"]) or helicone(received)

    receiver.service = service
    first, second, third = sink.deliver([bad, late, good])
    assert (first.outcome, second.outcome, third.outcome) == ("refused", "retry", "delivered")
    assert "what is this" in first.reason
    assert second.after_seconds == 3


def test_when_none_arrives_it_is_away(sink: HeliconeSink, receiver: Receiver) -> None:
    receiver.answers = [RESET, Answer(500)]
    with pytest.raises(Unreachable):
        sink.deliver([event(), event()])
    assert outcomes(sink.deliver([event()])) == ["delivered"]


def test_calls_of_no_model_are_not_told(sink: HeliconeSink, receiver: Receiver) -> None:
    assert outcomes(sink.deliver([event(model="")])) == ["delivered"]
    assert receiver.requests == []


def test_a_key_is_needed() -> None:
    with pytest.raises(SinkError, match="Helicone API key"):
        HeliconeSink(Target())
