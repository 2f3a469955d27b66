"""The way of a call through several providers, in process."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.secrets import keys
from proxy.configuration.configuration import Breaker, Project, Route
from proxy.health import Outcome
from proxy.sending import buffering, retries
from proxy.simulator import Simulator
from tests.proxy.lanes import SECRET, Caller, Lane, key, provider, until
from tests.proxy.peers import Peer

STREAM = {"stream": True}
PRIMARY = 1
UPLOAD, FILE = [b"x" * 70_000, b"y" * 70_000], [(b"content-type", b"application/octet-stream")]


@pytest.fixture
async def spare() -> AsyncIterator[Simulator]:
    async with Simulator(name="spare") as running:
        yield running


@pytest.fixture
def pair(lane: Lane, sim: Simulator, spare: Simulator, monkeypatch: pytest.MonkeyPatch) -> Lane:
    """A lane whose first provider has a stand-in that is asked only when the first one fails."""
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.01)
    set_providers(lane, sim, spare)
    return lane


def set_providers(lane: Lane, *sims: Simulator, **of_first: Any) -> None:
    made = tuple(
        provider(each.base_url, id=place, provider_key=name, priority=place)
        for place, (name, each) in enumerate(zip(("first", "second", "third"), sims, strict=False), 1)
    )
    made = (replace(made[0], **of_first), *made[1:])
    lane.configuration.current = replace(lane.configuration.current, providers=made)


def tried(lane: Lane) -> list[tuple[Any, ...]]:
    closed = lane.record.closed
    assert closed is not None
    return [(a["provider"], a["status"], a["error"]) for a in closed["attempts"]]


# Failover


@pytest.mark.parametrize("status", [402, 408, 429, 500, 502, 503, 529])
async def test_another_provider_takes_over(pair: Lane, sim: Simulator, spare: Simulator, status: int) -> None:
    sim.script = f"status={status}"
    reply = await pair.chat("over to you")
    assert (reply.status, reply.header("x-relay-provider")) == (200, "second")
    assert tried(pair) == [("first", status, None), ("second", 200, None)]
    assert len(spare.requests) == 1 and spare.requests[0].body == sim.requests[0].body


def leave_out(lane: Lane, *provider_ids: int, retry_after_seconds: float = 0) -> None:
    for id in provider_ids:
        for _ in range(3):
            lane.runtime.health.report(id, Outcome.RATE_LIMITED, retry_after_seconds=retry_after_seconds)
        assert lane.runtime.health.share(id) == 0


async def test_who_is_left_out_is_asked_before_the_caller_hears_that_nobody_answers(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    leave_out(pair, 2)
    await sim.stop()
    reply = await pair.chat()
    assert (reply.status, reply.header("x-relay-provider")) == (200, "second")
    assert tried(pair) == [("first", None, "upstream_unreachable"), ("second", 200, None)]


async def test_of_several_that_are_left_out_the_next_follows_one_that_does_not_answer(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    leave_out(pair, 1)
    leave_out(pair, 2, retry_after_seconds=300)
    await sim.stop()
    assert (await pair.chat()).status == 200
    assert tried(pair) == [("first", None, "upstream_unreachable"), ("second", 200, None)]


async def test_an_answer_is_passed_on_without_asking_who_is_left_out(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    leave_out(pair, 2)
    sim.script = "status=503"
    assert (await pair.chat()).status == 503
    assert spare.requests == []


async def test_max_failovers_counts_those_that_were_left_out_too(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    current = pair.configuration.current
    pair.configuration.current = replace(current, settings=replace(current.settings, max_failovers=0))
    leave_out(pair, 2)
    await sim.stop()
    assert (await pair.chat()).status == 502
    assert spare.requests == []


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
async def test_the_callers_fault_is_told_at_once(
    pair: Lane, sim: Simulator, spare: Simulator, status: int
) -> None:
    sim.script = f"status={status}"
    reply = await pair.chat()
    assert (reply.status, reply.header("x-relay-provider")) == (status, "first")
    assert len(sim.requests) == 1 and spare.requests == []


@pytest.mark.parametrize("script", ["reset=before", "hang=before"])
async def test_what_may_have_arrived_goes_elsewhere_unless_switched_off(
    pair: Lane, sim: Simulator, spare: Simulator, script: str
) -> None:
    pair.configuration.set(first_byte_timeout_seconds=0.5)
    sim.script = script
    assert (await pair.chat()).header("x-relay-provider") == "second"
    pair.configuration.set(failover_maybe_sent=False)
    reply = await pair.chat()
    assert (reply.status, len(spare.requests)) == (504 if script.startswith("hang") else 502, 1)


async def test_a_provider_that_is_not_there_is_passed_over(pair: Lane, sim: Simulator) -> None:
    await sim.stop()
    assert (await pair.chat()).header("x-relay-provider") == "second"
    assert tried(pair) == [("first", None, "upstream_unreachable"), ("second", 200, None)]


async def test_the_number_of_other_providers_is_limited(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    sim.script = spare.script = "status=503"
    async with Simulator() as third:
        set_providers(pair, sim, spare, third)
        pair.configuration.set(max_failovers=1)
        assert (await pair.chat()).status == 503
        assert (len(sim.requests), len(spare.requests), len(third.requests)) == (1, 1, 0)
        pair.configuration.set(max_failovers=0)
        assert (await pair.chat()).status == 503
        assert (len(sim.requests), len(spare.requests)) == (2, 1)


async def test_the_last_words_of_a_provider_are_passed_on_when_all_fail(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    sim.script, spare.script = "status=500", "status=429 retry_after=7"
    reply = await pair.chat()
    assert (reply.status, reply.header("retry-after")) == (429, "7")
    assert reply.header("x-relay-provider") == "second"
    record = pair.record
    assert record.answered is not None and record.answered["provider"] == "second"


async def test_a_providers_words_are_better_than_ours(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    sim.script = "status=503 message=YnVzeQ"
    await spare.stop()
    reply = await pair.chat()
    assert (reply.status, reply.json["error"]["message"]) == (503, "busy")
    assert reply.header("x-relay-provider") == "first"


async def test_when_nobody_answers_the_error_says_who_was_tried(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    sim.script = "reset=before"
    await spare.stop()
    reply = await pair.chat()
    assert (reply.status, reply.code) == (502, "upstream_unreachable")
    message = reply.json["error"]["message"]
    assert "'first' (upstream_disconnected), 'second' (upstream_unreachable)" in message


async def test_a_model_has_another_name_with_another_provider(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    set_providers(pair, sim, spare, model_mapping={"gpt-4o": "first-4o"})
    first, second = pair.configuration.current.providers
    second = replace(second, model_mapping={"gpt-4o": "second-4o"})
    pair.configuration.current = replace(pair.configuration.current, providers=(first, second))
    sim.script = "status=500"
    reply = await pair.chat()
    assert (sim.requests[0].json["model"], spare.requests[0].json["model"]) == ("first-4o", "second-4o")
    assert reply.header("x-relay-model") == "second-4o"
    closed = pair.record.closed
    assert closed is not None and [a["model"] for a in closed["attempts"]] == ["first-4o", "second-4o"]


# Repeats


async def test_nothing_is_repeated_unless_asked_for(lane: Lane, sim: Simulator) -> None:
    sim.script = "status=500"
    assert (await lane.chat()).status == 500
    assert len(sim.requests) == 1


async def test_a_repeat_may_succeed(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    pair.configuration.set(http_max_retries=2)
    sim.script = "status=500 times=2"
    assert (await pair.chat()).header("x-relay-provider") == "first"
    assert tried(pair) == [("first", 500, None), ("first", 500, None), ("first", 200, None)]


async def test_a_provider_has_its_own_number_of_repeats(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    pair.configuration.set(http_max_retries=5)
    set_providers(pair, sim, spare, http_max_retries=1)
    sim.script = "status=503"
    assert (await pair.chat()).status == 200
    assert (len(sim.requests), len(spare.requests)) == (2, 1)


async def test_retry_after_is_waited_for(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(http_max_retries=1)
    sim.script = "status=429 retry_after_ms=300 times=1"
    began = time.monotonic()
    assert (await lane.chat()).status == 200
    assert time.monotonic() - began >= 0.3


async def test_a_long_retry_after_is_passed_on_or_passed_over(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    pair.configuration.set(http_max_retries=1)
    sim.script = "status=429 retry_after=60"
    assert (await pair.chat()).header("x-relay-provider") == "second"
    assert len(sim.requests) == 1
    set_providers(pair, sim)
    reply = await pair.chat()
    assert (reply.status, reply.header("retry-after"), len(sim.requests)) == (429, "60", 2)


async def test_a_reset_is_not_repeated_at_the_same_provider(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(http_max_retries=3)
    sim.script = "reset=before"
    assert (await lane.chat()).status == 502
    assert len(sim.requests) == 1


async def test_a_connection_that_was_refused_is_repeated(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.01)
    lane.configuration.set(http_max_retries=2)
    lane.configuration.set_provider(api_base="http://127.0.0.1:9")
    assert (await lane.chat()).status == 502
    assert len(tried(lane)) == 3


# Uploads


async def test_an_upload_that_has_begun_cannot_be_repeated(
    pair: Lane, spare: Simulator, sim: Simulator
) -> None:
    sim.script = "status=503"
    reply = await pair.call("POST", "/v1/echo", UPLOAD, FILE)
    assert (reply.status, reply.header("x-relay-provider"), spare.requests) == (503, "first", [])


async def test_an_upload_goes_elsewhere_while_none_of_it_was_sent(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    await sim.stop()
    reply = await pair.call("POST", "/v1/echo", UPLOAD, FILE)
    assert (reply.status, reply.header("x-relay-provider")) == (200, "second")
    assert spare.requests[0].body == b"".join(UPLOAD)


# Keys


async def test_a_refused_key_gives_way_to_the_next(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    sim.api_key = "sk-that-is-good"
    set_providers(pair, sim, spare, api_key="sk-that-is-dead", extra_api_keys=("sk-that-is-good",))
    assert (await pair.chat()).header("x-relay-provider") == "first"
    assert tried(pair) == [("first", 401, "upstream_auth_error"), ("first", 200, None)]
    closed = pair.record.closed
    assert closed is not None and [a["key"] for a in closed["attempts"]] == ["dead", "good"]


async def test_a_provider_that_refuses_our_key_gives_way_to_another(pair: Lane, sim: Simulator) -> None:
    sim.api_key = "another"
    assert (await pair.chat()).header("x-relay-provider") == "second"
    assert (await pair.chat()).status == 200
    assert len(sim.requests) == 1  # it is set aside until somebody corrects its key


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":{"message":"Your API key lacks permission.","code":"x"}}', "upstream_auth_error"),
        (b'{"error":{"message":"Country not supported","code":"region"}}', "region"),
        (b'{"error":{"message":"This violates our policy.","code":"policy"}}', "policy"),
    ],
)
async def test_a_403_is_ours_only_when_it_speaks_of_the_key(lane: Lane, body: bytes, code: str) -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    async with Peer(head % len(body) + body) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat()
    assert reply.code == code
    assert reply.status == (502 if code == "upstream_auth_error" else 403)


@pytest.mark.parametrize(("encoding", "status"), [(b"gzip", 502), (b"br", 403)])
async def test_a_packed_403_is_read_where_it_can_be(lane: Lane, encoding: bytes, status: int) -> None:
    body = gzip.compress(b'{"error":{"message":"The API key is not enabled."}}')
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    async with Peer(head % (encoding, len(body)) + body) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        assert (await lane.chat()).status == status


async def test_a_projects_own_key_goes_nowhere_else(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    sim.script = "status=503"
    use_project(pair, allow_shared_providers=False)
    assert (await pair.chat()).status == 503
    assert spare.requests == []


async def test_a_projects_own_key_is_not_swapped_for_one_of_the_providers(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    set_providers(pair, sim, spare, extra_api_keys=("sk-another",))
    use_project(pair, allow_shared_providers=True)
    for _ in range(3):
        await pair.chat()
    assert {request.header("authorization") for request in sim.requests} == {"Bearer sk-own"}


async def test_with_nobody_to_share_with_a_project_has_its_own_provider(pair: Lane, sim: Simulator) -> None:
    set_providers(pair, sim)
    use_project(pair, allow_shared_providers=True)
    assert (await pair.chat()).status == 200


async def test_a_project_may_share_the_other_providers_with_their_keys(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    sim.script = "status=503"
    use_project(pair, allow_shared_providers=True)
    assert (await pair.chat()).status == 200
    assert sim.requests[0].header("authorization") == "Bearer sk-own"
    assert spare.requests[0].header("authorization") == "Bearer sk-upstream"


def use_project(lane: Lane, **given: Any) -> None:
    project = Project("p-1", "Shop", upstream_key="sk-own", provider_key="first", **given)
    known = {keys.digest(SECRET): key(project=project)}
    lane.configuration.current = replace(lane.configuration.current, keys=known)


# Streams held back


async def test_a_stream_that_fails_in_its_preamble_goes_elsewhere(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    pair.configuration.set(hold_preamble=True)
    sim.script = "cut=0"
    reply = await pair.chat(**STREAM)
    assert reply.header("x-relay-provider") == "second"
    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert tried(pair) == [("first", 200, "upstream_truncated"), ("second", 200, None)]


async def test_without_a_hold_the_preamble_is_committed(pair: Lane, sim: Simulator) -> None:
    sim.script = "cut=0"
    reply = await pair.chat(**STREAM)
    assert reply.header("x-relay-provider") == "first"
    assert b'"upstream_truncated"' in reply.body and b"[DONE]" not in reply.body


@pytest.mark.parametrize("script", ["cut=5", "reset=5", "eof=5", "error_event=5", "malformed=5", "hang=5"])
async def test_a_buffered_stream_fails_over_in_its_middle(pair: Lane, sim: Simulator, script: str) -> None:
    pair.configuration.set(idle_timeout_seconds=0.5)
    sim.script = script
    reply = await pair.chat("whole", headers=[(b"x-relay-buffer", b"1")], **STREAM)
    assert reply.header("x-relay-provider") == "second"
    assert reply.body.endswith(b"data: [DONE]\n\n")
    record = pair.record
    assert b"".join(record.parts).startswith(reply.body[:100])
    assert (record.outcome, len(tried(pair))) == ("completed", 2)


async def test_a_buffered_whole_answer_fails_over_too(pair: Lane, sim: Simulator) -> None:
    sim.script = "cut=50"
    reply = await pair.chat(headers=[(b"x-relay-buffer", b"1")])
    assert (reply.status, reply.header("x-relay-provider")) == (200, "second")
    assert reply.json["choices"]


async def test_a_buffered_stream_that_nobody_finishes_is_an_error_with_a_status(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    sim.script = spare.script = "cut=5"
    reply = await pair.chat(headers=[(b"x-relay-buffer", b"1")], **STREAM)
    assert (reply.status, reply.code) == (502, "upstream_truncated")
    assert pair.record.parts == [reply.body]


async def test_what_was_held_is_let_go(pair: Lane, sim: Simulator) -> None:
    sim.script = "cut=5"
    await pair.chat(headers=[(b"x-relay-buffer", b"1")], **STREAM)
    assert pair.runtime.held_bytes == 0


async def test_a_slow_preamble_is_not_waited_for_and_nothing_of_it_is_lost(
    pair: Lane, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffering, "PREAMBLE_SECONDS", 0.1)
    whole = await pair.chat(**STREAM)
    pair.configuration.set(hold_preamble=True)
    sim.script = "stall=0:0.5"
    reply = await pair.chat(**STREAM)
    assert reply.header("x-relay-provider") == "first"
    assert reply.body.count(b"data: ") == whole.body.count(b"data: ")


async def test_a_route_says_what_is_buffered_and_how_long_is_waited(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    chat = Route("chat", "/v1/chat", buffer_streaming=True, first_byte_timeout_seconds=0.5)
    pair.configuration.current = replace(pair.configuration.current, routes=(chat,))
    sim.script = "cut=5"
    assert (await pair.chat(**STREAM)).header("x-relay-provider") == "second"
    sim.script = spare.script = "hang=before"
    reply = await pair.chat()
    assert (reply.status, reply.code) == (504, "upstream_timeout")
    assert "no answer within 0.5 seconds" in reply.json["error"]["message"]


# Time and leaving


async def test_the_total_time_spans_all_tries(pair: Lane, sim: Simulator, spare: Simulator) -> None:
    pair.configuration.set(total_timeout_seconds=0.8, first_byte_timeout_seconds=0.5)
    sim.script = spare.script = "hang=before"
    began = time.monotonic()
    reply = await pair.chat()
    assert (reply.status, reply.code) == (504, "total_timeout")
    assert time.monotonic() - began < 4
    assert len(spare.requests) == 1


async def test_a_client_that_leaves_while_we_wait_ends_everything(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    pair.configuration.set(http_max_retries=1)
    sim.script = "status=429 retry_after=5"
    caller = Caller()
    task = asyncio.create_task(pair.chat(caller=caller))
    await until(lambda: sim.requests)
    caller.leave()
    await asyncio.wait_for(task, 3)
    assert (len(sim.requests), len(spare.requests)) == (1, 0)
    assert pair.record.outcome == "client_disconnected"


# Health


async def test_a_provider_that_keeps_failing_is_left_out_and_comes_back(
    pair: Lane, sim: Simulator, spare: Simulator
) -> None:
    rules = Breaker(threshold_5xx=2, base_open_duration_seconds=0.3, half_open_success_threshold=1)
    pair.configuration.set(breaker=replace(rules, slow_start_window_seconds=0))
    sim.script = "status=503"
    for _ in range(4):
        assert (await pair.chat()).header("x-relay-provider") == "second"
    assert len(sim.requests) == 2
    sim.script = ""
    await until(lambda: pair.runtime.health.share(PRIMARY) > 0)
    assert (await pair.chat()).header("x-relay-provider") == "first"


async def test_a_provider_that_others_are_trying_already_is_passed_over(pair: Lane, sim: Simulator) -> None:
    pair.configuration.set(breaker=Breaker(threshold_5xx=1, base_open_duration_seconds=0.05))
    sim.script = "status=503 times=1"
    await pair.chat()
    await until(lambda: pair.runtime.health.share(PRIMARY) > 0)
    pair.configuration.set(breaker=Breaker(half_open_weight_factor=1))
    probe = pair.runtime.health.begin(PRIMARY)
    assert probe is not None
    assert (await pair.chat()).header("x-relay-provider") == "second"
    probe.end()
    assert (await pair.chat()).header("x-relay-provider") == "first"


async def test_a_stream_that_breaks_off_counts_against_its_provider(pair: Lane, sim: Simulator) -> None:
    pair.configuration.set(breaker=Breaker(transport_threshold=1))
    sim.script = "cut=3"
    await pair.chat(**STREAM)
    assert pair.runtime.health.share(PRIMARY) == 0


async def test_a_breaker_never_leaves_a_caller_without_any_provider(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(breaker=Breaker(threshold_5xx=1))
    sim.script = "status=503 times=1"
    assert (await lane.chat()).status == 503
    assert (await lane.chat()).status == 200
