from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from logs_app.events import Event
from logs_app.sinks import Delivery, Refused, Sink, SinkError, Target, Unreachable, open_sink
from logs_app.sinks.python import PythonSink
from tests.logs_app.told import event

HERE = __name__


class Shortest(Sink):
    def deliver(self, events: Sequence[Event]) -> Any:
        Shortest.seen = [each.id for each in events]


class Chosen(Sink):
    wants_raw = True
    calls: list[str] = []

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        match self.target.options.get("do"):
            case "refuse":
                raise Refused("not these")
            case "fail":
                raise KeyError("oh")
            case "forget":
                return []
        return [Delivery("retry", self.target.endpoint) for _ in events]

    def flush(self) -> None:
        self.calls.append("flush")

    def close(self) -> None:
        self.calls.append("close")


class NoSink:
    pass


def sink_of(name: str, **options: Any) -> Sink:
    return open_sink("python", Target(f"{HERE}.{name}", "key", options))


def test_the_shortest_class_delivers() -> None:
    told = [event(), event()]
    assert [each.outcome for each in sink_of("Shortest").deliver(told)] == ["delivered"] * 2
    assert Shortest.seen == [each.id for each in told]


def test_a_class_has_its_target_and_says_what_became_of_each() -> None:
    sink = sink_of("Chosen", endpoint="there")
    assert sink.wants_raw and not PythonSink.wants_raw
    assert sink.deliver([event()]) == [Delivery("retry", "there")]
    sink.flush()
    sink.close()
    assert Chosen.calls == ["flush", "close"]


def test_what_it_raises_is_passed_on_and_a_wrong_count_loses_nothing() -> None:
    with pytest.raises(Refused, match="not these"):
        sink_of("Chosen", do="refuse").deliver([event()])
    with pytest.raises(KeyError):
        sink_of("Chosen", do="fail").deliver([event()])
    with pytest.raises(Unreachable, match="told of 0 events, but was given 1"):
        sink_of("Chosen", do="forget").deliver([event()])


@pytest.mark.parametrize(
    ("path", "words"),
    [("nowhere.Sink", "cannot be imported"), ("", "cannot be imported"), (f"{HERE}.NoSink", "no subclass")],
)
def test_a_path_that_leads_to_no_sink_is_refused(path: str, words: str) -> None:
    with pytest.raises(SinkError, match=words):
        PythonSink(Target(path))
