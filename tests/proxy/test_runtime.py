from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from django.test import override_settings

from proxy import runtime
from proxy.errors import RelayError
from proxy.exchange import Exchange
from proxy.request.parsing import read_head
from proxy.simulator import Simulator
from tests.proxy.lanes import Lane, provider, until


def exchange(lane: Lane) -> Exchange:
    return Exchange(lane.journal, read_head(lane.scope("POST", "/v1/chat/completions", [])))


async def test_calls_in_flight_are_known_until_they_leave(lane: Lane) -> None:
    made = exchange(lane)
    lane.runtime.enter(made)
    assert lane.runtime.exchanges == {made}
    lane.runtime.leave(made)
    lane.runtime.leave(made)
    assert lane.runtime.exchanges == set()


@override_settings(MAX_INFLIGHT_BYTES=100)
async def test_held_bytes_are_given_back_once(lane: Lane) -> None:
    first, second = exchange(lane), exchange(lane)
    lane.runtime.hold(first, 60)
    with pytest.raises(RelayError):
        lane.runtime.hold(second, 60)
    lane.runtime.leave(first)
    lane.runtime.leave(first)
    lane.runtime.hold(second, 100)
    with pytest.raises(RelayError):
        lane.runtime.hold(second, 1)


async def test_a_request_is_let_go_when_its_answer_begins(lane: Lane, sim: Simulator) -> None:
    call = asyncio.ensure_future(lane.chat("x" * 5000 + "[[sim chunks=20 delay=30]]", stream=True))
    await until(lambda: lane.records() and lane.record.answered)
    (running,) = lane.runtime.exchanges
    assert (running.call.body, running.call.document, running.held_bytes) == (None, None, 0)
    assert lane.runtime.held_bytes == 0
    assert (await call).status == 200


async def test_a_refusal_is_remembered_for_one_provider_at_one_address(lane: Lane, sim: Simulator) -> None:
    refusing = provider(sim.base_url)
    lane.runtime.remember_refusal(refusing)
    assert not lane.runtime.may_ask_usage(refusing)
    assert lane.runtime.may_ask_usage(provider(sim.base_url, id=2))
    assert lane.runtime.may_ask_usage(provider("https://moved.test"))


async def test_a_call_without_a_total_limit_has_no_timer(lane: Lane) -> None:
    made = exchange(lane)
    lane.runtime.limit_total(made, None)
    assert made.timer is None
    lane.runtime.limit_total(made, 5)
    assert made.timer is not None
    lane.runtime.leave(made)
    assert made.timer.cancelled()


@pytest.fixture
def fresh() -> object:
    runtime.install(None)
    yield
    runtime.install(None)


async def test_the_runtime_is_built_once_however_many_ask(tmp_path: Path, fresh: object) -> None:
    with override_settings(JOURNAL_DIR=tmp_path / "journal"):
        made = await asyncio.gather(*(runtime.current() for _ in range(5)))
        assert len({id(one) for one in made}) == 1
        assert await runtime.current() is made[0]
        await made[0].aclose()


async def test_without_its_database_it_starts_and_knows_no_key(tmp_path: Path, fresh: object) -> None:
    # Tests may not touch a database, which is as good as having none.
    with override_settings(JOURNAL_DIR=tmp_path / "journal"):
        made = await runtime.current()
        assert made.snapshots.current.keys == {}
        await made.aclose()


async def test_a_runtime_that_cannot_be_built_is_tried_again(tmp_path: Path, fresh: object) -> None:
    (tmp_path / "file").write_text("in the way")
    with override_settings(JOURNAL_DIR=tmp_path / "file" / "journal"), pytest.raises(OSError):
        await runtime.current()
    with override_settings(JOURNAL_DIR=tmp_path / "journal"):
        await (await runtime.current()).aclose()
