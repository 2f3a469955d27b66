from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proxy import lane as lane_module
from proxy import runtime
from proxy.configuration.configuration import Route
from proxy.simulator import Simulator
from tests.proxy.lanes import SECRET, Caller, Lane, until

MULTIPART = [(b"content-type", b"multipart/form-data; boundary=x")]


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [("/v1/models", True), ("/v1/", True), ("/v1", True), ("/v10", False), ("/admin/", False), ("/", False)],
)
def test_it_takes_what_lies_under_v1(path: str, is_taken: bool) -> None:
    assert lane_module.takes(path) is is_taken


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [("/team/models", True), ("/team", True), ("/teams", False), ("/MANAGE/x", False), ("/", False)],
)
async def test_it_takes_what_lies_under_the_prefix_of_a_route(lane: Lane, path: str, is_taken: bool) -> None:
    prefixes = ("/manage", "/team")  # the first as only a hand in the database can write it
    routes = tuple(Route(prefix.strip("/"), prefix) for prefix in prefixes)
    lane.configuration.current = replace(lane.configuration.current, routes=routes)
    assert lane_module.takes(path) is await lane_module.will_take(path) is is_taken


def test_a_process_without_the_lane_takes_no_routes() -> None:
    assert runtime.built() is None
    assert not lane_module.takes("/team/models")


async def test_parts_of_an_upload_reach_the_provider_as_they_come(lane: Lane, sim: Simulator) -> None:
    gate = asyncio.Event()

    class Slow(Caller):
        async def receive(self) -> dict[str, Any]:
            if self.taken == 1:
                await gate.wait()
            return await super().receive()

    call = asyncio.ensure_future(
        lane.call("POST", "/v1/echo", [b"a" * 1000, b"b" * 1000], MULTIPART, caller=Slow())
    )
    await until(lambda: sim.requests)
    assert not sim.requests[0].is_complete
    gate.set()
    assert (await call).status == 200
    assert sim.requests[0].body == b"a" * 1000 + b"b" * 1000
    assert lane.record.request == sim.requests[0].body


LEAVING = {
    "before the first byte": "[[sim hang=before]]",
    "in a call that is not streamed": "[[sim delay=50 chunks=100]]",
}


@pytest.mark.parametrize("text", LEAVING.values(), ids=LEAVING)
async def test_a_client_that_leaves_while_it_waits_stops_the_provider(
    lane: Lane, sim: Simulator, text: str
) -> None:
    caller = Caller()
    call = asyncio.ensure_future(lane.chat(text, caller=caller))
    await until(lambda: sim.requests)
    caller.leave()
    await until(lambda: sim.requests[0].aborted, 1)
    reply = await call
    assert (reply.status, reply.error) == (0, None)
    assert lane.record.outcome == "client_disconnected"
    assert lane.runtime.exchanges == set()


async def test_a_client_that_leaves_in_the_middle_of_its_upload_stops_the_provider(
    lane: Lane, sim: Simulator
) -> None:
    class Leaving(Caller):
        async def receive(self) -> dict[str, Any]:
            if self.taken == 2:
                return {"type": "http.disconnect"}
            return await super().receive()

    reply = await lane.call("POST", "/v1/echo", [b"x" * 1000] * 5, MULTIPART, caller=Leaving())
    assert (reply.status, reply.error) == (0, None)
    await until(lambda: sim.requests and sim.requests[0].aborted, 1)
    record = lane.record
    assert record.outcome == "client_disconnected"
    assert record.request == b"x" * 2000


async def test_a_client_that_leaves_in_the_middle_of_its_json_is_recorded(lane: Lane, sim: Simulator) -> None:
    class Leaving(Caller):
        async def receive(self) -> dict[str, Any]:
            if self.taken == 1:
                return {"type": "http.disconnect"}
            return await super().receive()

    await lane.call("POST", "/v1/embeddings", [b'{"model":', b'"m"}'], caller=Leaving())
    assert lane.record.outcome == "client_disconnected"
    assert sim.requests == []
    assert lane.runtime.exchanges == set()


async def test_a_cancellation_from_elsewhere_is_not_swallowed(lane: Lane, sim: Simulator) -> None:
    call = asyncio.ensure_future(lane.chat("[[sim hang=before]]"))
    await until(lambda: sim.requests)
    call.cancel()
    reply = await call
    assert isinstance(reply.error, asyncio.CancelledError)
    await until(lambda: sim.requests[0].aborted, 1)


async def test_nothing_is_left_behind_after_many_calls(lane: Lane) -> None:
    before = len(asyncio.all_tasks())
    await asyncio.gather(*(lane.chat(f"{number}", stream=bool(number % 2)) for number in range(20)))
    assert lane.runtime.exchanges == set()
    await until(lambda: len(asyncio.all_tasks()) <= before + 20)  # the provider's own connections
    assert lane.runtime.held_bytes == 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_call_without_a_body_goes_out_without_one(lane: Lane, sim: Simulator, method: str) -> None:
    reply = await lane.call(method, "/v1/models")
    assert reply.status == 200
    assert sim.requests[0].method == method
    assert sim.requests[0].header("content-length") is None
    assert sim.requests[0].header("transfer-encoding") is None


async def test_a_trailing_slash_makes_no_difference(lane: Lane, sim: Simulator) -> None:
    for target in ("/v1/models", "/v1/models/"):
        assert (await lane.call("GET", target)).json["object"] == "list"
    assert [request.target for request in sim.requests] == ["/v1/models"] * 2


@pytest.mark.parametrize("name", [b"x-api-key", b"api-key"])
async def test_the_callers_key_never_reaches_the_provider(lane: Lane, sim: Simulator, name: bytes) -> None:
    reply = await lane.call("GET", "/v1/models", headers=[(name, SECRET.encode())], secret=None)
    assert reply.status == 200
    assert SECRET not in str(sim.requests[0].headers)
