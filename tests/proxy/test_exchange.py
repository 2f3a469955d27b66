from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from proxy import errors
from proxy.exchange import PART_BYTES, Exchange
from proxy.request.endpoints import find
from proxy.request.parsing import Call
from tests.proxy.lanes import Lane, key

HEADERS = [(b"content-type", b"application/json"), (b"cookie", b"a=b")]


def exchange(lane: Lane, body: bytes = b"{}") -> Exchange:
    path = "/v1/embeddings"
    call = Call("POST", path, "embeddings", "a=1", HEADERS, find(path), "192.0.2.9", body=body, model="m")
    made = Exchange(lane.journal, call)
    made.key = key()
    return made


async def test_before_it_is_open_nothing_is_written(lane: Lane) -> None:
    exchange(lane).close()
    assert lane.records() == []


async def test_what_was_asked_is_written_before_the_provider_is_called(lane: Lane) -> None:
    made = exchange(lane, b'{"input":"x"}')
    made.open()
    made.open()
    record = lane.record
    assert record.opened is not None
    assert record.request == b'{"input":"x"}'
    assert record.opened["query"] == "a=1"
    assert record.opened["headers"] == [["content-type", "application/json"], ["cookie", "***"]]
    assert record.closed is None


async def test_a_large_body_is_written_in_parts(lane: Lane) -> None:
    body = bytes(range(256)) * (3 * PART_BYTES // 256) + b"end"
    exchange(lane, body).open()
    assert lane.record.request == body


async def test_a_body_that_was_rewritten_is_written_down(lane: Lane) -> None:
    made = exchange(lane, b'{"input":"x"}')
    made.open()
    made.tell_sent(b'{"input":"y"}')
    assert (lane.record.request, lane.record.sent) == (b'{"input":"x"}', b'{"input":"y"}')


@pytest.mark.parametrize(
    ("allowed", "asked", "level"),
    [
        (None, b"", "full"),
        ("metadata", b"", "metadata"),
        (None, b"off", "off"),
        ("metadata", b" FULL ", "metadata"),
        ("off", b"metadata", "off"),
    ],
)
async def test_a_client_may_have_less_recorded_and_never_more(
    lane: Lane, allowed: str | None, asked: bytes, level: str
) -> None:
    made = exchange(lane)
    made.key = replace(key(), log_policy=allowed)
    made.call.headers = [*HEADERS, (b"x-relay-log", asked)]
    made.open()
    assert lane.record.opened is not None and lane.record.opened["log"] == level


async def test_the_time_in_the_relay_is_what_was_not_spent_waiting(lane: Lane) -> None:
    made = exchange(lane)
    made.open()
    for _ in range(2):
        made.attempts.append({"started_us": made.offset_us, "latency_us": 0})
        await asyncio.sleep(0.025)
    made.attempts[-1]["latency_us"] = made.offset_us - made.attempts[-1]["started_us"]
    made.answer(200, [])
    await asyncio.sleep(0.05)
    made.take_part(b"x")
    made.close()
    closed = lane.record.closed
    assert closed is not None and 0 < closed["relay_us"] < closed["latency_us"] - 90_000


async def test_closing_happens_once(lane: Lane) -> None:
    made = exchange(lane)
    made.open()
    made.close()
    made.close()
    record = lane.record
    assert (record.outcome, record.error_code) == ("completed", None)
    assert record.closed is not None and record.closed["ttfb_us"] is None


async def test_the_first_part_gives_the_time_to_the_first_byte(lane: Lane) -> None:
    made = exchange(lane)
    made.open()
    await asyncio.sleep(0.01)
    made.take_part(b"one")
    await asyncio.sleep(0.01)
    made.take_part(b"two")
    made.close()
    closed = lane.record.closed
    assert closed is not None
    assert 10_000 <= closed["ttfb_us"] < closed["latency_us"]
    assert lane.record.parts == [b"one", b"two"]


async def test_who_broke_it_off_is_said(lane: Lane) -> None:
    left, stopped, late = exchange(lane), exchange(lane), exchange(lane)
    for made in (left, stopped, late):
        made.task = None
        made.open()
    stopped.abort(errors.stopping(), "interrupted")
    late.abort(errors.total_timeout(3), "failed")
    for made in (left, stopped, late):
        made.break_off()
        made.close()
    assert {(record.outcome, record.error_code) for record in lane.records()} == {
        ("client_disconnected", None),
        ("interrupted", "relay_stopping"),
        ("failed", "total_timeout"),
    }


async def test_an_abort_cancels_the_task_of_the_call(lane: Lane) -> None:
    async def wait() -> None:
        made = exchange(lane)
        asyncio.get_running_loop().call_soon(made.abort, errors.stopping(), "interrupted")
        await asyncio.sleep(5)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(wait())


async def test_a_refusal_is_metadata_without_the_body(lane: Lane) -> None:
    meta = exchange(lane, b'{"secret":1}').refuse(errors.missing_body())
    assert (meta["status"], meta["error_code"]) == (400, "missing_body")
    assert meta["key"]["id"] == "7"
    assert "secret" not in str(meta)
    assert lane.records() == []
