from __future__ import annotations

import asyncio

import pytest

from proxy.delivery import bodies, delivery
from proxy.delivery.bodies import Broken
from proxy.simulator import Simulator
from tests.proxy.lanes import Caller, Lane, until
from tests.proxy.peers import Peer

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"
PAYLOADS = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "SCRIPT"}]},
    COMPLETIONS: {"model": "m", "prompt": "SCRIPT"},
    RESPONSES: {"model": "m", "input": "SCRIPT"},
    MESSAGES: {"model": "m", "max_tokens": 500, "messages": [{"role": "user", "content": "SCRIPT"}]},
}
every_protocol = pytest.mark.parametrize("path", PAYLOADS)


def payload(path: str, script: str, **given: object) -> dict[str, object]:
    made = {**PAYLOADS[path], "stream": True, **given}
    text = f"[[sim {script}]]"
    if "messages" in made:
        made["messages"] = [{"role": "user", "content": text}]
    else:
        made["prompt" if path == COMPLETIONS else "input"] = text
    return made


# Headers


async def test_every_answer_of_a_provider_carries_our_headers(lane: Lane) -> None:
    reply = await lane.chat("[[sim ttft=50]]")
    assert len(reply.header("x-relay-request-id") or "") == 36
    assert reply.header("x-relay-provider") == "default"
    assert reply.header("x-relay-model") == "gpt-4o"
    relay, upstream = (reply.header("server-timing") or "").split(", ")
    assert relay.startswith("relay;dur=")
    assert float(upstream.removeprefix("upstream;dur=")) >= 50
    assert 0 < float(relay.removeprefix("relay;dur=")) < 50


async def test_the_header_names_the_provider(lane: Lane) -> None:
    lane.configuration.set_provider(provider_key="groq", id=2)
    assert (await lane.chat()).header("x-relay-provider") == "groq"


@pytest.mark.parametrize("model", ["gpt\r\nx-evil: 1", "模型", "x" * 300])
async def test_a_model_that_is_no_header_value_is_not_shown(lane: Lane, model: str) -> None:
    reply = await lane.chat(model=model)
    assert reply.status == 200
    assert reply.header("x-relay-model") is None
    assert reply.header("x-evil") is None


async def test_what_the_provider_says_about_itself_stays_there(lane: Lane) -> None:
    reply = await lane.chat()
    for name in ("set-cookie", "server", "cf-ray", "openai-organization", "alt-svc"):
        assert reply.header(name) is None
    for name in ("x-request-id", "openai-processing-ms", "x-ratelimit-remaining-tokens", "date"):
        assert reply.header(name)


async def test_an_event_stream_is_not_held_back_and_has_no_length(lane: Lane) -> None:
    reply = await lane.chat(stream=True)
    assert reply.header("x-accel-buffering") == "no"
    assert reply.header("content-length") is None


async def test_any_other_body_keeps_its_length(lane: Lane) -> None:
    reply = await lane.chat()
    assert reply.header("content-length") == str(len(reply.body))


async def test_an_error_of_ours_carries_its_id_where_sdks_look(lane: Lane) -> None:
    reply = await lane.call("POST", CHAT, b"{")
    assert reply.header("x-request-id") == reply.header("x-relay-request-id")
    reply = await lane.call("POST", MESSAGES, b"{")
    assert reply.header("request-id") == reply.header("x-relay-request-id")
    assert reply.json["request_id"] == reply.header("request-id")


async def test_an_error_of_ours_after_opening_is_recorded_as_the_client_got_it(lane: Lane) -> None:
    reply = await lane.chat("[[sim reset=before]]")
    record = lane.record
    assert b"".join(record.parts) == reply.body
    assert record.answered is not None and record.closed is not None
    assert record.answered["status"] == record.closed["status"] == 502
    assert record.answered["provider"] is None


# A provider that breaks off


@every_protocol
async def test_a_cut_stream_ends_with_an_error_in_its_own_form(lane: Lane, path: str) -> None:
    reply = await lane.call("POST", path, payload(path, "cut=3"))
    assert reply.status == 200
    assert reply.is_complete
    last = reply.parts[-1]
    assert b"error" in last.splitlines()[0]
    assert b"broke off in the middle" in last
    for end in (b"[DONE]", b"response.completed", b"message_stop"):
        assert end not in reply.body
    record = lane.record
    assert (record.outcome, record.error_code) == ("upstream_truncated", "upstream_truncated")
    assert record.closed is not None
    edit = {"kind": "append_error_event", "code": "upstream_truncated", "event": last.decode()}
    assert record.closed["edits"][-1] == edit
    assert last not in b"".join(record.parts)


@every_protocol
@pytest.mark.parametrize("script", ["reset=3", "eof=3", "cut=0", "eof=0", "no_length=1 cut=4"])
async def test_no_way_of_breaking_off_looks_like_an_end(lane: Lane, path: str, script: str) -> None:
    reply = await lane.call("POST", path, payload(path, script))
    assert b"upstream_truncated" in reply.parts[-1] or b"broke off" in reply.parts[-1]
    assert lane.record.outcome == "upstream_truncated"


@every_protocol
async def test_a_stream_without_its_last_event_is_an_end_only_where_a_finish_went_before(
    lane: Lane, path: str
) -> None:
    reply = await lane.call("POST", path, payload(path, "no_done=1"))
    is_whole = path in (CHAT, COMPLETIONS)
    assert lane.record.outcome == ("completed" if is_whole else "upstream_truncated")
    assert (b"broke off" in reply.body) is not is_whole


async def test_the_error_of_a_cut_response_has_the_next_number(lane: Lane) -> None:
    reply = await lane.call("POST", RESPONSES, payload(RESPONSES, "cut=3"))
    numbers = [
        int(part.split(b",")[0]) for part in reply.body.split(b'"sequence_number":')[1:] if b"," in part
    ]
    assert numbers == list(range(len(numbers)))


async def test_half_an_event_is_dropped_before_the_error(lane: Lane) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    async with Peer(head + b'data: {"choices":[]}\n\ndata: {"choices":[{"del', closes=True) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat(stream=True)
    events = reply.body.split(b"\n\n")
    assert events[0] == b'data: {"choices":[]}'
    assert events[1].startswith(b'data: {"error":')
    assert events[2:] == [b""]


async def test_what_stops_being_http_in_the_middle_ends_with_an_error(lane: Lane) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b'16\r\ndata: {"choices":[]}\n\n\r\n'
    async with Peer([head + chunk, b"this is no chunk\r\n"]) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat(stream=True)
    assert reply.body.startswith(b'data: {"choices":[]}\n\ndata: {"error":')
    assert b'"code":"upstream_truncated"' in reply.body


async def test_a_cut_inside_an_event_too_big_to_hold_cuts_the_client(lane: Lane) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    async with Peer(head + b'data: {"choices":["' + b"x" * 100_000, closes=True) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat(stream=True)
    assert isinstance(reply.error, Broken)
    assert not reply.is_complete
    assert lane.record.outcome == "upstream_truncated"


@pytest.mark.parametrize("script", ["cut=20", "reset=20", "reset=middle"])
async def test_any_other_body_that_breaks_off_cuts_the_client(lane: Lane, script: str) -> None:
    reply = await lane.chat(f"[[sim {script}]]")
    assert reply.status == 200
    assert isinstance(reply.error, Broken)
    assert not reply.is_complete
    assert lane.record.outcome == "upstream_truncated"


async def test_garbage_in_the_stream_passes_and_does_not_end_it(lane: Lane) -> None:
    reply = await lane.chat("[[sim malformed=2]]", stream=True)
    assert b"half a tru" in reply.body
    assert reply.body.endswith(b"data: [DONE]\n\n")


async def test_an_error_event_of_the_provider_is_the_end_and_gets_no_second_one(lane: Lane) -> None:
    reply = await lane.chat("[[sim error_event=2]]", stream=True)
    assert reply.body.count(b'"error"') == 1
    assert lane.record.closed is not None
    assert {"kind": "hide_usage_event"} not in lane.record.closed["edits"]


async def test_silence_in_a_stream_is_said_in_the_stream(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(idle_timeout_seconds=0.2)
    reply = await lane.chat("[[sim hang=3]]", stream=True)
    assert b'"code":"upstream_timeout"' in reply.parts[-1]
    assert b"[DONE]" not in reply.body
    record = lane.record
    assert (record.outcome, record.error_code) == ("upstream_truncated", "upstream_timeout")
    await until(lambda: sim.requests[0].aborted)


async def test_a_cut_after_the_last_event_does_not_matter(lane: Lane) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n"
    async with Peer(head + b'data: {"choices":[{}]}\n\ndata: [DONE]\n\n', closes=True) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat(stream=True)
    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert reply.is_complete
    assert lane.record.outcome == "completed"


async def test_an_encoded_event_stream_passes_untouched(lane: Lane) -> None:
    reply = await lane.chat("[[sim encoding=gzip]]", stream=True)
    assert reply.header("content-encoding") == "gzip"
    assert reply.body == b"".join(lane.record.parts)
    assert reply.body.startswith(b"\x1f\x8b")


# A client that leaves


async def test_a_client_that_leaves_in_a_stream_stops_the_provider(lane: Lane, sim: Simulator) -> None:
    caller = Caller()
    caller.on_part = lambda part: caller.leave()
    await lane.chat("[[sim chunks=500 delay=10]]", stream=True, caller=caller)
    await until(lambda: sim.requests[0].aborted, 1)
    assert lane.record.outcome == "client_disconnected"
    assert lane.record.parts


async def test_a_client_that_leaves_on_the_last_event_had_all_of_it(lane: Lane) -> None:
    caller = Caller()
    caller.on_part = lambda part: caller.leave() if b"[DONE]" in part else None
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n"
    async with Peer([head + b'data: {"choices":[{}]}\n\ndata: [DONE]\n\n', b"", b"", b"", b""]) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        await lane.chat(stream=True, caller=caller)
    assert lane.record.outcome == "completed"


# The end of the process


async def test_a_stream_that_outlasts_the_grace_says_so(lane: Lane, sim: Simulator) -> None:
    call = asyncio.ensure_future(lane.chat("[[sim chunks=500 delay=10]]", stream=True))
    await until(lambda: lane.records() and lane.record.parts)
    lane.runtime.end_all()
    reply = await call
    assert b'"code":"relay_stopping"' in reply.parts[-1]
    assert b"[DONE]" not in reply.body
    assert reply.is_complete
    assert (lane.record.outcome, lane.record.error_code) == ("interrupted", "relay_stopping")
    await until(lambda: sim.requests[0].aborted)


async def test_a_call_without_an_answer_yet_gets_503_at_the_end_of_the_grace(lane: Lane) -> None:
    call = asyncio.ensure_future(lane.chat("[[sim hang=before]]"))
    await until(lambda: lane.records())
    lane.runtime.end_all()
    reply = await call
    assert (reply.status, reply.code) == (503, "relay_stopping")
    assert lane.record.outcome == "interrupted"


# Django's own way


async def test_headers_of_the_response_are_right_for_django_too(lane: Lane) -> None:
    found = [(b"content-type", b"text/plain"), (b"x-a", b"1"), (b"x-a", b"2")]

    class Body(bodies.Delivery):
        def __init__(self) -> None:
            return None

        def close(self) -> None:
            return None

    response = delivery.RelayResponse(404, found, Body()).as_django()
    assert response.headers["x-a"] == "1, 2"
    assert response.headers["content-type"] == "text/plain"
    assert response.status_code == 404
    response.close()
