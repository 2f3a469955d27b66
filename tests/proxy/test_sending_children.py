from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from accounts.secrets import keys
from proxy import errors
from proxy.configuration.configuration import Limits, Processor, Route
from proxy.simulator import Simulator
from tests.proxy.lanes import SECRET, Caller, Lane, Record, key, until

CHILD = "/v1/chat/completions"


def use(lane: Lane, *, skips: bool = False, prompt: str = "Write it better.", **settings: Any) -> None:
    """`prompt` may tell the simulated provider what to do."""
    made = Processor("enhance", "openai_chat", "gpt-4o-mini", {"system_prompt": prompt, **settings}, skips)
    route = Route("team", "/v1", processors=(made,))
    lane.configuration.current = replace(lane.configuration.current, routes=(route,))


def both(lane: Lane) -> tuple[Record, Record]:
    """Of the call, and of the call that it caused."""
    found = {bool(record.opened and record.opened["parent"]): record for record in lane.records()}
    return found[False], found[True]


async def test_the_models_answer_is_what_is_sent(lane: Lane, sim: Simulator) -> None:
    use(lane)
    reply = await lane.chat("improve me")
    assert reply.status == 200
    first, second = (orjson.loads(request.body) for request in sim.requests)
    assert first["model"] == "gpt-4o-mini"
    assert first["messages"][1] == {"role": "user", "content": "improve me"}
    assert second["model"] == "gpt-4o"
    assert second["messages"][0]["content"] not in ("", "improve me")


async def test_its_own_call_is_recorded_as_a_child(lane: Lane) -> None:
    use(lane)
    reply = await lane.chat(headers=[(b"x-relay-session", b"s-1"), (b"x-secret", b"mine")])
    parent, child = both(lane)
    assert child.opened is not None and parent.opened is not None
    assert child.opened["parent"] == reply.header("x-relay-request-id")
    assert (child.opened["lineage"], child.opened["route"]) == ("processor", None)
    assert child.opened["key"] == parent.opened["key"]
    assert ["x-relay-session", "s-1"] in child.opened["headers"]
    assert "x-secret" not in dict(child.opened["headers"])
    assert (child.outcome, child.closed and child.closed["status"]) == ("completed", 200)
    assert child.parts and child.closed and child.closed["attempts"][0]["provider"] == "default"


async def test_it_takes_no_route_so_nothing_asks_again(lane: Lane, sim: Simulator) -> None:
    use(lane)
    await lane.chat()
    assert len(sim.requests) == 2


async def test_a_refusal_of_the_model_is_a_failure_of_the_step(lane: Lane, sim: Simulator) -> None:
    use(lane, prompt="[[sim status=400]]")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (502, "processor_failed")
    assert "answered with status 400" in reply.json["error"]["message"]
    parent, child = both(lane)
    assert (parent.outcome, child.outcome) == ("failed", "completed")
    assert child.closed and child.closed["status"] == 400


async def test_a_failure_may_be_skipped(lane: Lane, sim: Simulator) -> None:
    use(lane, prompt="[[sim status=400]]", skips=True)
    assert (await lane.chat("as it was")).status == 200
    assert orjson.loads(sim.requests[-1].body)["messages"][0]["content"] == "as it was"


async def test_a_model_that_takes_too_long_is_given_up(lane: Lane) -> None:
    use(lane, prompt="[[sim ttft=5000]]", timeout_seconds=0.2)
    reply = await lane.chat()
    assert (reply.code, reply.status) == ("processor_failed", 502)
    assert "0.2 seconds" in reply.json["error"]["message"]
    _, child = both(lane)
    assert (child.outcome, child.error_code) == ("failed", "total_timeout")


async def test_nobody_serves_the_model(lane: Lane) -> None:
    use(lane)
    lane.configuration.set_provider(model_mapping={"gpt-4o": "gpt-4o"})
    reply = await lane.chat()
    assert reply.code == "processor_failed"
    assert "gpt-4o-mini" in reply.json["error"]["message"]


async def test_who_leaves_ends_both(lane: Lane, sim: Simulator) -> None:
    use(lane, prompt="[[sim ttft=5000]]")
    caller = Caller()
    call = asyncio.ensure_future(lane.chat(caller=caller))
    await until(lambda: sim.requests)
    caller.leave()
    await call
    parent, child = both(lane)
    assert (parent.outcome, child.outcome) == ("client_disconnected", "client_disconnected")
    assert lane.runtime.exchanges == set()


@pytest.mark.parametrize("skips", [False, True])
async def test_a_relay_that_stops_ends_both_and_sends_nothing_more(
    lane: Lane, sim: Simulator, skips: bool
) -> None:
    use(lane, prompt="[[sim ttft=5000]]", skips=skips)
    call = asyncio.ensure_future(lane.chat())
    await until(lambda: sim.requests)
    lane.runtime.end_all()
    assert (await call).code == errors.stopping().code
    assert len(sim.requests) == 1
    assert [record.error_code for record in both(lane)] == ["relay_stopping"] * 2


async def test_its_tokens_count_and_it_is_no_further_request(lane: Lane) -> None:
    use(lane)
    limited = key(limits=Limits(tokens_per_minute=1_000_000, rate_limit=1))
    lane.configuration.current = replace(lane.configuration.current, keys={keys.digest(SECRET): limited})
    assert (await lane.chat()).status == 200
    parent, child = both(lane)
    assert parent.opened and parent.opened["reservation"]
    assert child.opened and child.opened["reservation"]["tokens"] > 0


async def test_a_limit_of_tokens_that_it_meets_is_the_callers(lane: Lane) -> None:
    use(lane, prompt="Word after word. " * 2000)
    limited = key(limits=Limits(tokens_per_minute=2000))
    lane.configuration.current = replace(lane.configuration.current, keys={keys.digest(SECRET): limited})
    reply = await lane.chat(max_tokens=10)
    assert (reply.status, reply.code) == (429, "rate_limit_exceeded")
