from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from logs_app.sinks import SinkError, Target, Unreachable
from logs_app.sinks.langfuse import LangfuseSink
from tests.ingestion import Langfuse
from tests.logs_app.told import event, failed, message
from tests.receiver import Answer, Receiver

KEY = "pk-lf-1:sk-lf-2"
START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
PARENT = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def langfuse() -> Langfuse:
    return Langfuse()


@pytest.fixture
def receiver(langfuse: Langfuse) -> Iterator[Receiver]:
    with Receiver(langfuse.service) as running:
        yield running


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[LangfuseSink]:
    sink = LangfuseSink(Target(receiver.url, KEY, {"environment": "staging"}))
    yield sink
    sink.close()


def outcomes(deliveries) -> list[str]:
    return [delivery.outcome for delivery in deliveries]


def test_a_call_is_a_trace_and_a_generation(sink: LangfuseSink, langfuse: Langfuse, receiver) -> None:
    told = event(
        created_at=START,
        first_token_at=START + timedelta(milliseconds=100),
        finished_at=START + timedelta(seconds=2),
        session="s-1",
        end_user="u-1",
        tags=["a"],
        cost="0.5",
        usage={
            "prompt_tokens": 10,
            "cached_tokens": 4,
            "completion_tokens": 5,
            "reasoning_tokens": 2,
            "total_tokens": 15,
        },
        request=message({"messages": [{"role": "user", "content": "hi"}], "temperature": 0}),
    )
    assert outcomes(sink.deliver([told])) == ["delivered"]
    trace = langfuse.kept[f"{told.id}-trace"]["body"]
    generation = langfuse.kept[f"{told.id}-generation"]["body"]
    assert trace["id"] == generation["traceId"] == generation["id"] == told.id
    assert (trace["userId"], trace["sessionId"], trace["tags"]) == ("u-1", "s-1", ["a"])
    assert trace["environment"] == generation["environment"] == "staging"
    assert trace["name"] == "chat/completions"
    assert generation["startTime"] == "2026-01-02T03:04:05.678Z"
    assert generation["completionStartTime"] == "2026-01-02T03:04:05.778Z"
    assert generation["endTime"] == "2026-01-02T03:04:07.678Z"
    assert generation["input"] == [{"role": "user", "content": "hi"}]
    assert generation["output"] == {"role": "assistant", "content": "It does."}
    assert generation["modelParameters"] == {"temperature": 0}
    assert generation["usageDetails"] == {
        "input": 6,
        "input_cached_tokens": 4,
        "output": 3,
        "output_reasoning_tokens": 2,
        "total": 15,
    }
    assert generation["costDetails"] == {"total": 0.5}
    assert generation["level"] == "DEFAULT"
    (request,) = receiver.requests
    assert request.path == "/api/public/ingestion"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == KEY.encode()


def test_a_failure_says_so(sink: LangfuseSink, langfuse: Langfuse) -> None:
    told, left = failed(), failed(outcome="client_disconnected", status_code=200)
    sink.deliver([told, left])
    shown = langfuse.kept[f"{told.id}-generation"]["body"]
    assert (shown["level"], shown["statusMessage"]) == ("ERROR", "Nobody answers.")
    assert langfuse.kept[f"{left.id}-generation"]["body"]["level"] == "WARNING"


def test_calls_of_one_trace_and_of_a_processor_belong_together(sink: LangfuseSink, langfuse) -> None:
    traced = event(trace_id="0af7651916cd43dd8448eb211c80319c")
    child = event(lineage="processor", parent=PARENT)
    repeated = event(lineage="replay", parent=PARENT)
    sink.deliver([traced, child, repeated])
    bodies = [langfuse.kept[f"{each.id}-generation"]["body"] for each in (traced, child, repeated)]
    assert [body["traceId"] for body in bodies] == [traced.trace_id, PARENT, repeated.id]
    assert [body["parentObservationId"] for body in bodies] == [None, PARENT, None]


def test_what_comes_again_has_the_same_ids(sink: LangfuseSink, langfuse: Langfuse) -> None:
    told = event()
    for _ in range(2):
        assert outcomes(sink.deliver([told])) == ["delivered"]
    assert len(langfuse.kept) == 2


def test_each_event_is_judged_by_itself(sink: LangfuseSink, langfuse: Langfuse) -> None:
    good, bad, late = event(), event(), event()
    langfuse.faults = {f"{bad.id}-generation": 400, f"{late.id}-trace": 500}
    deliveries = sink.deliver([good, bad, late])
    assert outcomes(deliveries) == ["delivered", "refused", "retry"]
    assert "it is wrong" in deliveries[1].reason


def test_batches_stay_below_its_limit(sink: LangfuseSink, langfuse: Langfuse, receiver) -> None:
    told = [event(request=message({"messages": "x" * (1 << 19)})) for _ in range(5)]
    assert outcomes(sink.deliver(told)) == ["delivered"] * 5
    assert len(receiver.requests) > 1
    assert max(len(request.body) for request in receiver.requests) < 3_500_000


def test_an_answer_of_somebody_else_delivers_nothing(sink: LangfuseSink, receiver) -> None:
    receiver.answers = [Answer(200, b"{}")]
    with pytest.raises(Unreachable, match="Langfuse would not say"):
        sink.deliver([event()])


def test_silence_about_an_event_is_no_success(sink: LangfuseSink, receiver) -> None:
    receiver.answers = [Answer(207, b'{"successes": [], "errors": []}')]
    assert outcomes(sink.deliver([event(), event(model="")])) == ["retry", "delivered"]


def test_unknown_usage_is_left_out(sink: LangfuseSink, langfuse: Langfuse) -> None:
    told = event(usage={"prompt_tokens": None})
    sink.deliver([told])
    assert langfuse.kept[f"{told.id}-generation"]["body"]["usageDetails"] is None


@pytest.mark.parametrize("key", ["", "pk-lf-1", "pk-lf-1:", ":sk"])
def test_the_key_is_a_pair(key: str) -> None:
    with pytest.raises(SinkError) as refused:
        LangfuseSink(Target(api_key=key))
    assert refused.value.field == "api_key"
