from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from logs_app import bus as buses
from logs_app.bus import Bus, Lot, Overtaken, open_bus
from logs_app.bus.database import DatabaseBus
from logs_app.bus.redis import RedisBus
from logs_app.events import subscriptions
from logs_app.events.subscriptions import Tally
from logs_app.models import Claim, Node, Subscriber, SubscriberCursor
from tests.redisserver import RedisServer, redis_server

pytestmark = pytest.mark.django_db
NAME = "shop"
NewBus = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def new_redis_bus(request: Any) -> Iterator[NewBus]:
    server = request.getfixturevalue("server")
    opened: list[RedisBus] = []

    def new(owner: str = "one", **options: Any) -> RedisBus:
        opened.append(RedisBus(NAME, owner, server.url, **options))
        return opened[-1]

    new()._redis.flushall()
    yield new
    for each in opened:
        each.close()


@pytest.fixture(params=["database", "redis"])
def new_bus(request: Any) -> NewBus:
    """`new_bus(owner, lease_seconds=…)`; a lease of none is over at once."""
    if request.param == "redis":
        return request.getfixturevalue("new_redis_bus")
    return lambda owner="one", **options: DatabaseBus(NAME, owner, **options)


@pytest.fixture(autouse=True)
def subscriber() -> None:
    Node.objects.create(pk="node-a", seq=10)
    subscriptions.begin(NAME, "oldest")
    SubscriberCursor.objects.update(seq=0, claimed=0)


def cursor(node: str = "node-a") -> int:
    return SubscriberCursor.objects.get(subscriber=NAME, node=node).seq


def take(bus: Bus, most: int = 100) -> Lot:
    lot = bus.take(most)
    assert lot is not None
    return lot


def test_numbers_come_in_their_order_and_once(new_bus: NewBus) -> None:
    bus = new_bus()
    assert bus.waiting() == 10
    first, second = take(bus, 6), take(bus, 6)
    assert (first.node, list(first.seqs)) == ("node-a", [1, 2, 3, 4, 5, 6])
    assert list(second.seqs) == [7, 8, 9, 10]
    assert bus.take(6) is None
    assert bus.waiting() == 0
    assert cursor() == 0


def test_what_is_settled_moves_the_cursor_and_the_counts(new_bus: NewBus) -> None:
    bus = new_bus()
    lot = take(bus)
    bus.settle(lot, 4, Tally(delivered=3, lost=1, retried=2))
    assert cursor() == 4
    bus.settle(lot, 10, Tally(delivered=6))
    assert cursor() == 10
    row = Subscriber.objects.get()
    assert (row.delivered, row.lost, row.retried, row.dead) == (9, 1, 2, 0)
    assert row.last_success_at is not None
    assert bus.waiting() == 0 and bus.take(5) is None


def test_the_cursor_waits_for_the_oldest_that_is_not_settled(new_bus: NewBus) -> None:
    one, other = new_bus("one"), new_bus("other")
    first, second = take(one, 5), take(other, 5)
    assert list(second.seqs) == [6, 7, 8, 9, 10]
    other.settle(second, 10, Tally())
    assert cursor() == 0
    one.settle(first, 5, Tally())
    assert cursor() == 10


def test_what_comes_later_follows(new_bus: NewBus) -> None:
    bus = new_bus()
    bus.settle(take(bus), 10, Tally())
    Node.objects.update(seq=12)
    assert bus.waiting() == 2
    assert list(take(bus).seqs) == [11, 12]


def test_nodes_take_turns_and_a_new_one_begins_with_its_first_record(new_bus: NewBus) -> None:
    bus = new_bus()
    Node.objects.create(pk="node-b", seq=4)
    taken = [take(bus, 2) for _ in range(4)]
    assert sorted({lot.node for lot in taken[:2]}) == ["node-a", "node-b"]
    of_b = [lot for lot in taken if lot.node == "node-b"]
    assert [list(lot.seqs) for lot in of_b] == [[1, 2], [3, 4]]
    for lot in of_b:
        bus.settle(lot, lot.seqs[-1], Tally())
    assert cursor("node-b") == 4


def test_an_abandoned_lot_is_taken_by_another_one_and_says_how_often_it_was_begun(new_bus: NewBus) -> None:
    lost = new_bus("dead", lease_seconds=0)
    lost.settle(take(lost, 6), 2, Tally())
    other = new_bus("other", lease_seconds=0)
    assert other.waiting() > 0
    lot = take(other, 6)
    assert list(lot.seqs) == [3, 4, 5, 6]
    assert lot.tries == 2
    assert take(other, 6).tries == 3
    other.settle(lot, 6, Tally())
    assert cursor() == 6


def test_a_kept_lot_is_not_abandoned(new_bus: NewBus) -> None:
    one, other = new_bus("one"), new_bus("other")
    lot = take(one, 10)
    one.keep(lot)
    assert other.take(10) is None
    one.settle(lot, 10, Tally())
    assert cursor() == 10


def test_a_released_lot_comes_at_once_and_counts_as_not_begun(new_bus: NewBus) -> None:
    one, other = new_bus("one"), new_bus("other")
    lot = take(one, 10)
    one.settle(lot, 3, Tally())
    one.release(lot)
    again = take(other, 10)
    assert list(again.seqs) == [4, 5, 6, 7, 8, 9, 10]
    assert again.tries == 1


def test_two_subscribers_do_not_share(new_bus: NewBus) -> None:
    bus = new_bus()
    subscriptions.begin("other", "now")
    bus.settle(take(bus), 10, Tally())
    assert SubscriberCursor.objects.get(subscriber="other").seq == 10
    assert subscriptions.lag(NAME) == 0


def test_who_was_silent_for_too_long_cannot_settle() -> None:
    slow = DatabaseBus(NAME, "slow", lease_seconds=0)
    lot = take(slow)
    other = DatabaseBus(NAME, "other")
    take(other)
    with pytest.raises(Overtaken):
        slow.settle(lot, 10, Tally(delivered=10))
    assert Subscriber.objects.get().delivered == 0
    assert cursor() == 0


def test_the_cursor_of_another_lot_does_not_hold_back_a_settled_one() -> None:
    bus = DatabaseBus(NAME, "one")
    first, second = take(bus, 5), take(bus, 5)
    bus.settle(first, 3, Tally())
    bus.settle(second, 10, Tally())
    assert cursor() == 3
    assert Claim.objects.count() == 1


def test_a_redis_that_lost_everything_is_filled_again_from_the_cursor(new_redis_bus: NewBus) -> None:
    bus = new_redis_bus()
    lot = take(bus, 6)
    bus.settle(lot, 4, Tally())
    bus._redis.flushall()
    bus.keep(lot)
    assert list(take(bus).seqs) == [5, 6, 7, 8, 9, 10]
    bus.settle(lot, 6, Tally())
    assert cursor() >= 4


def test_a_redis_that_went_back_in_time_tells_nothing_again(new_redis_bus: NewBus) -> None:
    bus = new_redis_bus()
    bus.settle(take(bus), 10, Tally())
    stream = "relay:events:shop:node-a"
    bus._redis.delete(stream)
    bus._redis.xgroup_create(stream, "dispatchers", "2-0", mkstream=True)
    for seq in (3, 4, 5):
        bus._redis.xadd(stream, {"seq": seq}, f"{seq}-0")
    bus._redis.xreadgroup("dispatchers", "somebody", {stream: ">"}, count=1)
    Node.objects.update(seq=12)
    lot = take(bus)
    assert list(lot.seqs) == [11, 12]
    bus.settle(lot, 12, Tally())
    assert cursor() == 12


def test_who_takes_over_a_name_is_not_told_what_is_left_in_redis(new_redis_bus: NewBus) -> None:
    take(new_redis_bus(lease_seconds=0), 4)
    subscriptions.end(NAME)
    subscriptions.begin(NAME, "now")
    Node.objects.update(seq=11)
    assert list(take(new_redis_bus("other", lease_seconds=0)).seqs) == [11]


def test_consumers_that_are_long_gone_are_forgotten_unless_they_have_something(
    new_redis_bus: NewBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, holds = new_redis_bus("gone"), new_redis_bus("holds")
    gone.settle(take(gone, 2), 2, Tally())
    take(holds, 2)
    monkeypatch.setattr("logs_app.bus.redis.SILENT_MS", -1)
    bus = new_redis_bus("new")
    bus.waiting()
    left = bus._redis.xinfo_consumers("relay:events:shop:node-a", "dispatchers")
    assert [each["name"] for each in left] == ["holds"]


def test_a_group_that_somebody_removed_is_made_again_where_it_was(new_redis_bus: NewBus) -> None:
    bus = new_redis_bus()
    bus.settle(take(bus, 4), 4, Tally())
    bus._redis.xgroup_destroy("relay:events:shop:node-a", "dispatchers")
    assert list(take(bus).seqs) == [5, 6, 7, 8, 9, 10]


def test_a_stream_is_trimmed_behind_the_slowest_group_only(new_redis_bus: NewBus) -> None:
    bus = new_redis_bus()
    stream = "relay:events:shop:node-a"
    lot = take(bus, 6)
    bus._redis.xgroup_create(stream, "of-somebody-else", "0")
    bus._redis.xreadgroup("of-somebody-else", "x", {stream: ">"}, count=2)
    bus.settle(lot, 6, Tally())
    assert bus._redis.xlen(stream) == 10
    bus._redis.xgroup_destroy(stream, "of-somebody-else")
    bus.settle(take(bus, 1), 7, Tally())
    assert bus._redis.xlen(stream) == 3


def test_a_stream_holds_no_more_than_there_is_room_for(new_redis_bus: NewBus) -> None:
    bus = new_redis_bus(room=4)
    lot = take(bus)
    assert list(lot.seqs) == [1, 2, 3, 4]
    assert bus.take(10) is None
    bus.settle(lot, 4, Tally())
    assert list(take(bus).seqs) == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        ("database", DatabaseBus),
        ("in-memory", DatabaseBus),
        ("redis", RedisBus),
        ("redis-streams", RedisBus),
    ],
)
def test_the_variable_chooses_also_by_the_names_of_an_earlier_system(
    settings: Any, chosen: str, kind: type[Bus]
) -> None:
    settings.LLM_PROXY_EVENT_BUS = chosen
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nothing is asked yet
    bus = open_bus(NAME, "owner")
    assert isinstance(bus, kind)
    bus.close()
    assert buses.LEASE_SECONDS >= 5
