from __future__ import annotations

import threading
from typing import Any

import pytest

from logs_app.dispatching.courier import MOST_TRIES, Courier, Stopped
from logs_app.events import Event, sample
from logs_app.events.subscriptions import Tally
from logs_app.sinks import Delivery, Refused, Unreachable
from tests.logs_app.delivering import DELIVERED, Told


def samples(count: int) -> list[Event]:
    return [sample() for _ in range(count)]


class Case:
    def __init__(self, answer: Any = None) -> None:
        self.sink, self.stop, self.tally = Told(answer), threading.Event(), Tally()
        self.failures: list[str] = []
        self.courier = Courier(self.sink, self.stop, self.failures.append, first_pause=0.001)

    def deliver(self, events: list[Event]) -> None:
        self.courier.deliver(events, self.tally)

    @property
    def dead(self) -> list[str]:
        return [event.id for event, _ in self.tally.dead]


def ids(events: list[Event]) -> list[str]:
    return [event.id for event in events]


def test_all_arrive_and_the_sink_is_flushed() -> None:
    case, events = Case(), samples(3)
    case.deliver(events)
    assert case.sink.ids == ids(events)
    assert (case.tally.delivered, case.tally.retried, case.dead) == (3, 0, [])
    assert case.sink.flushed == 1


def test_while_nothing_arrives_it_is_tried_for_as_long_as_it_takes() -> None:
    left = [Unreachable("It is away.")] * 12

    def answer(events: list[Event]) -> list[Delivery]:
        if left:
            raise left.pop()
        return [DELIVERED] * len(events)

    case, events = Case(answer), samples(2)
    case.courier._first_pause = 0.0
    case.deliver(events)
    assert case.failures == ["It is away."] * 12
    assert case.sink.ids == ids(events)
    assert case.tally.retried == 24


def test_only_what_failed_is_tried_again_and_it_is_given_up_in_the_end() -> None:
    events = samples(3)

    def answer(given: list[Event]) -> list[Delivery]:
        return [Delivery("retry", "busy") if each.id == events[1].id else DELIVERED for each in given]

    case = Case(answer)
    case.deliver(events)
    assert case.sink.ids == [events[0].id, events[2].id]
    assert [ids(batch) for batch in case.sink.batches[1:]] == [[events[1].id]] * (MOST_TRIES - 1)
    assert case.tally.dead == [(events[1], "busy")]
    assert case.tally.delivered == 2


def test_what_is_refused_is_not_tried_again() -> None:
    case, events = Case(lambda given: [Delivery("refused", "no such model")] * len(given)), samples(2)
    case.deliver(events)
    assert case.dead == ids(events)
    assert len(case.sink.batches) == 1


def test_of_a_refused_batch_the_one_that_is_wrong_is_found() -> None:
    events = samples(9)

    def answer(given: list[Event]) -> list[Delivery]:
        if events[6] in given:
            raise Refused("400")
        return [DELIVERED] * len(given)

    case = Case(answer)
    case.deliver(events)
    assert case.tally.dead == [(events[6], "400")]
    assert case.sink.ids == ids(events[:6] + events[7:])


def test_a_sink_that_dies_of_one_event_gives_up_on_that_one() -> None:
    events = samples(4)

    def answer(given: list[Event]) -> list[Delivery]:
        if events[2] in given:
            raise ZeroDivisionError("of its own")
        return [DELIVERED] * len(given)

    case = Case(answer)
    case.deliver(events)
    assert case.tally.dead == [(events[2], "ZeroDivisionError: of its own")]
    assert case.sink.ids == ids(events[:2] + events[3:])
    assert case.failures[0] == "ZeroDivisionError: of its own"


def test_a_sink_that_says_too_little_is_not_believed() -> None:
    case = Case(lambda given: [DELIVERED])
    case.deliver(samples(2))
    assert case.tally.delivered == 2  # each alone, at the last
    assert "2 events were delivered, and 1 answers came" in case.failures[0]


def test_the_far_side_says_when_to_come_again() -> None:
    case = Case()
    waited: list[float] = []
    case.courier._stop = type("Clock", (), {"wait": lambda self, seconds: waited.append(seconds)})()  # type: ignore[assignment]
    answers: list[Any] = [Unreachable("429", after_seconds=7.0), [Delivery("retry", "", 9.0)], [DELIVERED]]

    def answer(events: list[Event]) -> list[Delivery]:
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return list(given)

    case.sink.answer = answer
    case.deliver(samples(1))
    assert waited == [7.0, 9.0]


def test_a_stop_ends_the_waiting() -> None:
    def answer(events: list[Event]) -> list[Delivery]:
        case.stop.set()
        raise Unreachable("It is away.")

    case = Case(answer)
    with pytest.raises(Stopped):
        case.deliver(samples(1))
    assert case.tally.delivered == 0
