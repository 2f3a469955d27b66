from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from logs_app.sinks import Refused, SinkError, Target, Unreachable
from logs_app.sinks.lunary import LunarySink
from tests.ingestion import Lunary, said
from tests.logs_app.told import event, failed, message
from tests.receiver import Answer, Receiver

KEY = "8f2b7f0c-0000-4000-8000-000000000001"
START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)


@pytest.fixture
def lunary() -> Lunary:
    return Lunary()


@pytest.fixture
def receiver(lunary: Lunary) -> Iterator[Receiver]:
    with Receiver(lunary.service) as running:
        yield running


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[LunarySink]:
    sink = LunarySink(Target(receiver.url, KEY))
    yield sink
    sink.close()


def outcomes(deliveries) -> list[str]:
    return [delivery.outcome for delivery in deliveries]


def test_a_call_is_a_start_and_an_end_with_its_times(sink: LunarySink, lunary: Lunary, receiver) -> None:
    told = event(
        created_at=START,
        finished_at=START + timedelta(seconds=2),
        ttft_ms=120.5,
        end_user="u-1",
        session="s-1",
        project="ours",
        tags=["a", "b"],
        cost="0.0012",
        usage={"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 2},
        request=message({"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}),
    )
    assert outcomes(sink.deliver([told])) == ["delivered"]
    run = lunary.runs[told.id]
    start, end = run["start"], run["end"]
    assert (start["timestamp"], end["timestamp"]) == ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:07.678Z")
    assert start["input"] == [{"role": "user", "content": "hi"}]
    assert start["params"] == {"temperature": 0.5}
    assert (start["userId"], start["tags"]) == ("u-1", ["a", "b"])
    assert start["metadata"].items() >= {"project": "ours", "session": "s-1", "cost_usd": 0.0012}.items()
    assert start["metadata"]["timeToFirstToken"] == 120.5
    assert end["output"] == {"role": "assistant", "content": "It does."}
    assert end["tokensUsage"] == {"prompt": 10, "completion": 5, "promptCached": 2}
    (request,) = receiver.requests
    assert (request.path, request.headers["authorization"]) == ("/v1/runs/ingest", f"Bearer {KEY}")


def test_a_failure_is_an_error_in_words(sink: LunarySink, lunary: Lunary) -> None:
    told = failed()
    assert outcomes(sink.deliver([told])) == ["delivered"]
    assert lunary.runs[told.id].keys() == {"start", "error"}
    assert lunary.runs[told.id]["error"]["error"] == {
        "message": "Nobody answers.",
        "stack": "upstream_unreachable",
    }


def test_many_calls_are_one_request(sink: LunarySink, lunary: Lunary, receiver) -> None:
    told = [event() for _ in range(20)]
    assert outcomes(sink.deliver(told)) == ["delivered"] * 20
    assert len(receiver.requests) == 1
    assert all(run.keys() == {"start", "end"} for run in lunary.runs.values())


def test_what_is_too_long_for_one_request_is_several(sink: LunarySink, lunary: Lunary, receiver) -> None:
    told = [event(request=message({"messages": "x" * (1 << 20)})) for _ in range(5)]
    assert outcomes(sink.deliver(told)) == ["delivered"] * 5
    assert len(receiver.requests) == 3
    assert lunary.runs.keys() == {each.id for each in told}


def test_a_call_that_comes_again_counts_as_delivered(sink: LunarySink, lunary: Lunary) -> None:
    told = [event(), event()]
    sink.deliver(told[:1])
    assert outcomes(sink.deliver(told)) == ["delivered"] * 2


def test_one_that_was_not_taken_within_a_good_answer_is_tried_again(sink: LunarySink, lunary: Lunary) -> None:
    good, bad = event(), event()
    lunary.refused.add(bad.id)
    first, second = sink.deliver([bad, good])
    assert (first.outcome, second.outcome) == ("retry", "delivered")
    assert "invalid input syntax" in first.reason


def test_one_that_nothing_is_said_about_is_tried_again(sink: LunarySink, receiver) -> None:
    told = [event(), event()]
    receiver.answers = [said(200, {"results": [{"id": told[0].id, "success": True}]})]
    assert outcomes(sink.deliver(told)) == ["delivered", "retry"]


def test_an_answer_of_somebody_else_delivers_nothing(sink: LunarySink, receiver) -> None:
    receiver.answers = [Answer(200, b"<html>Welcome</html>")]
    with pytest.raises(Unreachable, match="Lunary would not say"):
        sink.deliver([event()])


def test_a_key_that_is_not_known_loses_nothing(sink: LunarySink, receiver) -> None:
    receiver.answers = [said(401, {"message": "This project does not exist"})]
    with pytest.raises(Unreachable, match="This project does not exist"):
        sink.deliver([event()])


def test_a_refused_batch_is_refused(sink: LunarySink, receiver) -> None:
    receiver.answers = [Answer(413)]
    with pytest.raises(Refused):
        sink.deliver([event()])


def test_calls_of_no_model_are_not_told(sink: LunarySink, receiver) -> None:
    listing = event(model="", endpoint="/v1/models")
    assert outcomes(sink.deliver([listing])) == ["delivered"]
    assert receiver.requests == []


def test_an_end_is_never_before_its_start(sink: LunarySink, lunary: Lunary) -> None:
    told = event(created_at=START, finished_at=START - timedelta(seconds=1))
    assert outcomes(sink.deliver([told])) == ["delivered"]


def test_what_is_withheld_is_not_told(sink: LunarySink, lunary: Lunary) -> None:
    hidden = message({"withheld": "metadata", "size": 10})
    told = event(request=hidden, response=hidden)
    sink.deliver([told])
    assert "input" not in lunary.runs[told.id]["start"]
    assert lunary.runs[told.id]["end"].get("output") is None


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (Target("", ""), "api_key"),
        (Target("", "klíč"), "api_key"),
        (Target("lunary", KEY), "endpoint"),
        (Target("", KEY, {"batch": 5}), "options"),
    ],
)
def test_a_target_that_cannot_be_used_says_what_is_wrong(target: Target, field: str) -> None:
    with pytest.raises(SinkError) as refused:
        LunarySink(target)
    assert refused.value.field == field
