from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from logs_app import removal
from logs_app.bus import Lot
from logs_app.bus.database import DatabaseBus
from logs_app.dispatching import deadletters, filtering, state
from logs_app.dispatching import dispatcher as dispatching
from logs_app.dispatching.filtering import BadFilter
from logs_app.events import Event, feed, subscriptions
from logs_app.models import Claim, DeadLetter, LogPayload, LogRecord, Subscriber
from logs_app.sinks import Delivery, Unreachable
from tests.logs_app.delivering import DELIVERED, NAME, Told, dispatcher
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db


def ids(records: list[LogRecord]) -> list[str]:
    return [str(record.pk) for record in records]


def test_what_is_recorded_is_delivered_in_its_order_and_once() -> None:
    records, sink = many(7), Told()
    assert dispatcher(sink, batch_size=3).drain()
    assert sink.ids == ids(records)
    assert [len(batch) for batch in sink.batches] == [3, 3, 1]
    more = many(2)
    assert dispatcher(sink, batch_size=3).drain()
    assert sink.ids == ids(records + more)
    assert state.of(NAME).delivered == 9
    assert state.of(NAME).lag == 0


def test_no_more_than_the_buffer_is_taken_from_others() -> None:
    many(6)
    taken: list[int] = []

    def answer(events: list[Event]) -> list[Delivery]:
        taken.append(sum(claim.last - claim.first + 1 for claim in Claim.objects.all()))
        return [DELIVERED] * len(events)

    dispatcher(Told(answer), batch_size=2, buffer=4).drain()
    assert taken == [4, 2, 2]


def test_a_small_batch_waits_for_more_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    many(2)
    sink = Told()
    at_work = dispatcher(sink, batch_size=3)
    monkeypatch.setattr(dispatching, "OLDEST_SECONDS", 3600.0)
    assert not at_work.step()
    assert sink.events == []
    many(1)
    assert at_work.step()
    assert len(sink.events) == 3
    many(1)
    assert not at_work.step()
    monkeypatch.setattr(dispatching, "OLDEST_SECONDS", 0.0)
    assert at_work.step()
    assert len(sink.events) == 4


def test_two_of_one_name_share_the_work() -> None:
    records = many(8)
    one, other = Told(), Told()
    first = dispatcher(one, DatabaseBus(NAME, "one"), batch_size=2, buffer=2)
    second = dispatcher(other, DatabaseBus(NAME, "other"), batch_size=2, buffer=2)
    for _ in range(2):
        first._deliver_some()
        second._deliver_some()
    assert one.ids == ids(records[0:2] + records[4:6])
    assert other.ids == ids(records[2:4] + records[6:8])


def test_what_was_not_settled_comes_again_with_the_same_ids() -> None:
    records = many(3)
    sink = Told()
    bus = DatabaseBus(NAME, "dead", lease_seconds=0)
    subscriptions.begin(NAME, "oldest")
    assert bus.take(10) is not None  # and it dies
    assert dispatcher(sink, DatabaseBus(NAME, "next"), batch_size=10).drain()
    assert sink.ids == ids(records)


def test_a_refused_event_is_kept_with_the_reason_and_the_others_arrive() -> None:
    records = many(3)

    def answer(events: list[Event]) -> list[Delivery]:
        bad = str(records[1].pk)
        return [Delivery("refused", "too odd") if each.id == bad else DELIVERED for each in events]

    sink = Told(answer)
    assert dispatcher(sink).drain()
    assert sink.ids == ids([records[0], records[2]])
    letter = DeadLetter.objects.get()
    assert (letter.subscriber, letter.record_id, letter.reason) == (NAME, records[1].pk, "too odd")
    found = state.of(NAME)
    assert (found.dead, found.dead_letters, found.last_error) == (1, 1, "too odd")


def refusing(record: LogRecord) -> Told:
    return Told(lambda events: [Delivery("refused", "no")] * len(events))


def test_a_dead_letter_is_sent_again_when_somebody_wants_it() -> None:
    records = many(2)
    dispatcher(refusing(records[0])).drain()
    assert DeadLetter.objects.count() == 2
    sink = Told()
    at_work = dispatcher(sink)
    at_work.step()
    assert sink.events == []
    assert deadletters.resend(deadletters.of(NAME).filter(record_id=records[0].pk)) == 1
    at_work._due_at = 0.0
    at_work.step()
    assert sink.ids == ids(records[:1])
    assert [letter.record_id for letter in DeadLetter.objects.all()] == [records[1].pk]


def test_a_dead_letter_that_is_refused_again_stays_with_the_new_reason() -> None:
    records = many(1)
    dispatcher(refusing(records[0])).drain()
    deadletters.resend(deadletters.of(NAME))
    dispatcher(Told(lambda events: [Delivery("refused", "still no")])).step()
    letter = DeadLetter.objects.get()
    assert (letter.reason, letter.is_due) == ("still no", False)


def test_a_dead_letter_whose_record_is_gone_says_so() -> None:
    records = many(1)
    dispatcher(refusing(records[0])).drain()
    removal.remove(ids(records), "default")
    deadletters.resend(deadletters.of(NAME))
    dispatcher(Told()).step()
    assert DeadLetter.objects.get().reason == deadletters.RECORD_GONE


def test_a_dead_letter_that_a_stop_held_up_is_still_due() -> None:
    records = many(1)
    dispatcher(refusing(records[0])).drain()
    deadletters.resend(deadletters.of(NAME))
    stop = threading.Event()

    def answer(events: list[Event]) -> list[Delivery]:
        stop.set()
        raise Unreachable("away")

    dispatcher(Told(answer), stop=stop).run()
    assert DeadLetter.objects.get().is_due


def test_dead_letters_can_be_dropped() -> None:
    dispatcher(refusing(many(1)[0])).drain()
    assert deadletters.drop(deadletters.of(NAME)) == 1
    assert state.of(NAME).dead_letters == 0


def test_who_lags_behind_retention_is_told_how_much_it_missed() -> None:
    records, sink = many(5), Told()
    at_work = dispatcher(sink)
    removal.remove(ids(records[1:4]), "default")
    assert at_work.drain()
    assert sink.ids == ids([records[0], records[4]])
    assert state.of(NAME).lost == 3


def test_only_the_bodies_that_retention_removed_are_missing() -> None:
    record, sink = add_record(), Told()
    LogPayload.objects.filter(pk=record.pk).delete()
    dispatcher(sink).drain()
    assert sink.events[0].request.body["withheld"] == "removed"
    assert state.of(NAME).lost == 0


def test_what_cannot_be_read_does_not_stop_those_behind_it() -> None:
    records, sink = many(2), Told()
    LogPayload.objects.filter(pk=records[0].pk).update(request_body=b"no frame at all")
    dispatcher(sink).drain()
    assert sink.ids == ids(records)
    assert sink.events[0].request.body["withheld"] == "unreadable"
    assert not sink.events[1].request.is_withheld


def test_a_filter_leaves_events_out_and_does_not_call_them_missed() -> None:
    wanted = many(2, model="m-2")
    many(2, model="m-3")
    sink = Told()
    assert dispatcher(sink, narrow=filtering.narrow({"model": "m-2"})).drain()
    assert sink.ids == ids(wanted)
    assert state.of(NAME).lost == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"colour": "red"}, "no filter colour"),
        ({"since": "24h"}, "no filter since"),
        ({"status": "seven"}, "status: Write a status"),
        ({"stream": "maybe"}, "stream: "),
    ],
)
def test_a_filter_that_cannot_be_is_refused_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadFilter, match=words):
        filtering.narrow(given)


def test_a_filter_may_be_written_with_json_values() -> None:
    many(1)
    records = filtering.narrow({"stream": False, "min_tokens": 1, "status": 200})(LogRecord.objects.all())
    assert records.count() == 1


def test_while_nothing_arrives_the_state_says_why_and_nothing_is_lost() -> None:
    records = many(2)
    tries: list[int] = []

    def answer(events: list[Event]) -> list[Delivery]:
        tries.append(1)
        if len(tries) < 4:
            raise Unreachable("The far side is away.")
        found = state.of(NAME)
        assert (found.last_error, found.is_failing, found.lag) == ("The far side is away.", True, 2)
        return [DELIVERED] * len(events)

    sink = Told(answer)
    assert dispatcher(sink).drain()
    assert sink.ids == ids(records)
    assert not state.of(NAME).is_failing
    assert state.of(NAME).retried == 6


def test_who_is_to_end_gives_up_after_so_many_failures_in_a_row() -> None:
    many(1)

    def answer(events: list[Event]) -> list[Delivery]:
        raise Unreachable("away")

    sink = Told(answer)
    assert not dispatcher(sink, most_failures=3).drain()
    assert len(sink.batches) == 3
    assert state.of(NAME).lag == 1
    assert dispatcher(Told()).drain()  # what was taken is free again


def lot_begun(tries: int) -> None:
    """By dispatchers that died of it."""
    subscriptions.begin(NAME, "oldest")
    bus = DatabaseBus(NAME, "dead", lease_seconds=0)
    for _ in range(tries):
        assert isinstance(bus.take(100), Lot)


def test_what_dispatchers_died_of_is_delivered_one_by_one() -> None:
    records, sink = many(3), Told()
    lot_begun(dispatching.SINGLE_TRIES)
    dispatcher(sink).drain()
    assert sink.ids == ids(records)
    assert [len(batch) for batch in sink.batches] == [1, 1, 1]


def test_what_killed_too_many_dispatchers_is_not_tried_again() -> None:
    records, sink = many(3), Told()
    lot_begun(dispatching.MOST_TRIES)
    dispatcher(sink).drain()
    assert sink.ids == ids(records[1:])
    assert "died 10 times" in DeadLetter.objects.get().reason


def test_after_a_stop_what_is_there_still_goes_out() -> None:
    records, sink, stop = many(5), Told(), threading.Event()
    stop.set()
    dispatcher(sink, stop=stop, batch_size=2).run()
    assert sink.ids == ids(records)


def test_a_stop_does_not_wait_for_a_far_side_that_is_away() -> None:
    many(2)
    stop = threading.Event()

    def answer(events: list[Event]) -> list[Delivery]:
        stop.set()
        raise Unreachable("away")

    began = time.monotonic()
    dispatcher(Told(answer), stop=stop, batch_size=2).run()
    assert time.monotonic() - began < dispatching.FLUSH_SECONDS
    sink = Told()
    dispatcher(sink).drain()
    assert len(sink.events) == 2


def test_where_it_begins_is_said_once() -> None:
    old = many(2)
    assert subscriptions.begin("oldest", "oldest")
    assert subscriptions.begin("now", "now")
    assert subscriptions.begin("since", LogRecord.objects.get(pk=old[1].pk).created_at.replace(year=2030))
    assert not subscriptions.begin("now", "oldest")
    lags = {name: each.lag for name, each in state.states().items()}
    assert lags == {"now": 0, "oldest": 2, "since": 0}


def test_since_begins_at_what_arrived_then(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = many(2)
    monkeypatch.setattr(feed, "first_id", lambda moment: second.pk)
    subscriptions.begin("since", second.created_at)
    assert subscriptions.lag("since") == 1


def test_what_ended_is_forgotten() -> None:
    many(1)
    dispatcher(refusing(many(1)[0])).drain()
    subscriptions.end(NAME)
    assert state.states() == {}
    assert DeadLetter.objects.count() == Claim.objects.count() == 0


def test_it_is_running_when_it_was_seen_lately() -> None:
    many(1)
    assert not state.of(NAME).is_running
    dispatcher(Told()).drain()
    assert state.of(NAME).is_running
    Subscriber.objects.update(seen_at="2020-01-01T00:00:00Z")
    assert not state.of(NAME).is_running


def test_the_database_may_be_away_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    records, sink = many(2), Told()
    at_work = dispatcher(sink)
    monkeypatch.setattr(dispatching, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(dispatching.connections[feed.alias()], "close", lambda: None)
    failures = [OperationalError("away")] * 2
    take: Callable[[int], Any] = at_work._bus.take

    def faulty(most: int) -> Any:
        if failures:
            raise failures.pop()
        return take(most)

    monkeypatch.setattr(at_work._bus, "take", faulty)
    assert at_work.drain()
    assert sink.ids == ids(records)
