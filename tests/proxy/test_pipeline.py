from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from django.test import override_settings

from accounts.secrets import keys
from proxy.configuration.configuration import Project
from proxy.simulator import Simulator
from tests.proxy.lanes import SECRET, Caller, Lane, key, until
from tests.proxy.peers import Peer

STREAM = {"stream": True}


async def test_a_call_goes_out_and_its_answer_comes_back(lane: Lane, sim: Simulator) -> None:
    reply = await lane.chat("Where am I?")
    assert reply.status == 200
    assert "Where am I?" in reply.json["choices"][0]["message"]["content"]
    (received,) = sim.requests
    assert received.target == "/v1/chat/completions"
    assert received.header("authorization") == "Bearer sk-upstream"


async def test_a_call_leaves_one_complete_record(lane: Lane) -> None:
    reply = await lane.chat("Record me", headers=[(b"user-agent", b"test")])
    record = lane.record
    assert record.opened is not None and record.answered is not None and record.closed is not None
    assert record.opened["key"] == {"id": "7", "kind": "credential", "name": "mine", "prefix": "sk-lan…"}
    assert record.opened["project"] is None
    assert record.opened["endpoint"] == "/v1/chat/completions"
    assert record.opened["model"] == "gpt-4o"
    assert record.opened["client_ip"] == "192.0.2.1"
    assert ["authorization", "***"] in record.opened["headers"]
    assert b"Record me" in record.request
    assert record.answered["status"] == 200
    assert record.answered["provider"] == "default"
    assert record.answered["model_sent"] == "gpt-4o"
    assert b"".join(record.parts) == reply.body
    assert record.closed["outcome"] == "completed"
    (attempt,) = record.closed["attempts"]
    assert (attempt["provider"], attempt["status"], attempt["error"]) == ("default", 200, None)
    assert 0 < attempt["latency_us"] <= record.closed["latency_us"]


async def test_the_record_names_the_project(lane: Lane) -> None:
    lane.configuration.current = replace(
        lane.configuration.current,
        keys={keys.digest(SECRET): key(project=Project("p1", "Shop"))},
    )
    await lane.chat()
    assert lane.record.opened is not None
    assert lane.record.opened["project"] == {"id": "p1", "name": "Shop"}


async def test_errors_of_the_provider_pass_unchanged(lane: Lane) -> None:
    reply = await lane.chat("[[sim status=429 retry_after=7]]")
    assert (reply.status, reply.code, reply.header("retry-after")) == (429, "rate_limit_exceeded", "7")
    assert lane.record.outcome == "completed"


async def test_a_html_page_of_an_edge_passes_unchanged(lane: Lane) -> None:
    reply = await lane.chat("[[sim status=502 html=1]]")
    assert reply.status == 502
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert (reply.header("content-type") or "").startswith("text/html")


async def test_the_providers_401_is_not_the_clients(lane: Lane, sim: Simulator) -> None:
    sim.api_key = "another"
    reply = await lane.chat()
    assert (reply.status, reply.code) == (502, "upstream_auth_error")
    assert b"sk-upstream" not in reply.body
    record = lane.record
    assert (record.outcome, record.error_code) == ("failed", "upstream_auth_error")
    assert record.closed is not None and record.closed["attempts"][0]["status"] == 401


# DEFAULT_MODEL


async def test_the_default_model_is_filled_in_and_recorded_as_an_edit(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(default_model="gpt-default")
    body = b'{ "messages":[{"role":"user","content":"hi"}] }'
    reply = await lane.call("POST", "/v1/chat/completions", body)
    assert sim.requests[0].body == b'{"model":"gpt-default",' + body[1:]
    assert reply.header("x-relay-model") == "gpt-default"
    record = lane.record
    assert record.request == body
    assert record.opened is not None and record.opened["model"] is None
    assert record.answered is not None and record.answered["model_sent"] == "gpt-default"
    assert record.closed is not None
    assert record.closed["edits"] == [{"kind": "default_model", "model": "gpt-default"}]


# Providers


async def test_without_a_provider_the_answer_says_what_to_do(lane: Lane) -> None:
    lane.configuration.current = replace(lane.configuration.current, providers=())
    reply = await lane.chat()
    assert (reply.status, reply.code) == (503, "no_provider")
    assert "TARGET_API_KEY" in reply.json["error"]["message"]
    assert "admin" in reply.json["error"]["message"]


async def test_a_provider_without_a_key_is_not_called(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set_provider(api_key="")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (503, "provider_key_missing")
    assert "'default'" in reply.json["error"]["message"]
    assert reply.header("x-should-retry") == "false"
    assert sim.requests == []


async def test_an_unreadable_provider_says_so(lane: Lane) -> None:
    lane.configuration.set_provider(error="Its key cannot be decrypted.")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (503, "provider_unusable")
    assert "cannot be decrypted" in reply.json["error"]["message"]


async def test_a_provider_of_an_unknown_type_says_so(lane: Lane) -> None:
    lane.configuration.set_provider(provider_type="bedrock")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (503, "provider_unusable")


# Usage of streams


async def test_the_usage_of_a_stream_is_asked_for_and_hidden(lane: Lane, sim: Simulator) -> None:
    reply = await lane.chat("hi", **STREAM)
    assert sim.requests[0].json["stream_options"] == {"include_usage": True}
    assert b'"choices":[]' not in reply.body
    assert reply.body.endswith(b"data: [DONE]\n\n")
    record = lane.record
    assert b'"choices":[]' in b"".join(record.parts)
    assert record.closed is not None
    assert record.closed["edits"] == [{"kind": "inject_stream_usage"}, {"kind": "hide_usage_event"}]


async def test_an_explicit_wish_about_usage_is_kept(lane: Lane, sim: Simulator) -> None:
    for wish in (True, False):
        reply = await lane.chat("hi", **STREAM, stream_options={"include_usage": wish})
        assert sim.requests[-1].json["stream_options"] == {"include_usage": wish}
        assert (b'"choices":[]' in reply.body) is wish


async def test_a_provider_that_refuses_the_option_is_asked_without_it_and_remembered(
    lane: Lane, sim: Simulator
) -> None:
    reply = await lane.chat("[[sim unknown_usage_option=1]]", **STREAM)
    assert reply.status == 200
    assert [b"stream_options" in request.body for request in sim.requests] == [True, False]
    await lane.chat("[[sim unknown_usage_option=1]]", **STREAM)
    assert [b"stream_options" in request.body for request in sim.requests] == [True, False, False]
    first = lane.records()[0]
    assert first.closed is not None
    assert [attempt["status"] for attempt in first.closed["attempts"]] == [400, 200]
    assert first.closed["edits"] == []


async def test_a_vendor_that_answers_422_is_understood_too(lane: Lane, sim: Simulator) -> None:
    assert (await lane.chat("[[sim unknown_usage_option=422]]", **STREAM)).status == 200
    assert len(sim.requests) == 2


async def test_a_400_for_another_reason_is_passed_on_whole(lane: Lane, sim: Simulator) -> None:
    reply = await lane.chat("[[sim status=400 code=context_length_exceeded]]", **STREAM)
    assert (reply.status, reply.code) == (400, "context_length_exceeded")
    assert len(sim.requests) == 1


async def test_a_400_that_quotes_the_request_does_not_switch_usage_off(lane: Lane, sim: Simulator) -> None:
    quoting = "bm8gc3RyZWFtX29wdGlvbnMgaGVyZQ"  # "no stream_options here"
    reply = await lane.chat(f"[[sim status=400 message={quoting}]]", **STREAM)
    assert reply.status == 400
    await lane.chat("again", **STREAM)
    assert sim.requests[-1].json["stream_options"] == {"include_usage": True}


async def test_a_refusal_that_breaks_off_is_a_fault_of_the_provider(lane: Lane) -> None:
    reply = await lane.chat("[[sim status=400 cut=10]]", **STREAM)
    assert (reply.status, reply.code) == (502, "upstream_truncated")


async def test_with_the_switch_off_not_one_byte_differs(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(inject_stream_usage=False)
    body = (
        b'{"model":"m" , "stream":true,"messages":[{"role":"user","content":"x"}],"seed":123456789012345678}'
    )
    reply = await lane.call("POST", "/v1/chat/completions", body)
    assert sim.requests[0].body == body
    assert b"".join(lane.record.parts) == reply.body


# Order


async def test_a_wrong_key_is_refused_before_any_of_the_body_is_taken(lane: Lane) -> None:
    caller = Caller()
    reply = await lane.call("POST", "/v1/files", [b"x" * 1000] * 5, secret="wrong", caller=caller)
    assert reply.status == 401
    assert caller.taken == 0
    assert lane.records() == []
    assert lane.runtime.unknown_key_calls == 1


@override_settings(MAX_REQUEST_BYTES=1000)
async def test_a_body_announced_too_large_is_refused_before_it_is_taken(lane: Lane) -> None:
    caller = Caller()
    reply = await lane.call("POST", "/v1/files", b"x" * 1001, caller=caller)
    assert (reply.status, reply.code) == (413, "request_too_large")
    assert caller.taken == 0


@override_settings(MAX_REQUEST_BYTES=1000)
async def test_a_chunked_body_is_refused_where_it_becomes_too_large(lane: Lane, sim: Simulator) -> None:
    reply = await lane.call(
        "POST", "/v1/files", [b"x" * 600] * 9, headers=[(b"content-type", b"multipart/form-data")]
    )
    assert (reply.status, reply.code) == (413, "request_too_large")
    assert not any(request.is_complete for request in sim.requests)
    assert lane.record.error_code == "request_too_large"


@override_settings(MAX_REQUEST_BYTES=1000)
async def test_a_chunked_json_body_is_refused_where_it_becomes_too_large(lane: Lane) -> None:
    reply = await lane.call("POST", "/v1/chat/completions", [b"x" * 600] * 9)
    assert (reply.status, reply.code) == (413, "request_too_large")
    assert lane.record.rejected is not None


async def test_the_unknown_method_gets_405_with_the_allowed_ones(lane: Lane) -> None:
    reply = await lane.call("BREW", "/v1/chat/completions")
    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert reply.header("allow") == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    reply = await lane.call("DELETE", "/v1/models")
    assert reply.header("allow") == "GET, HEAD, OPTIONS"


async def test_options_needs_no_key_and_reaches_nobody(lane: Lane, sim: Simulator) -> None:
    reply = await lane.call("OPTIONS", "/v1/chat/completions", secret=None)
    assert (reply.status, reply.body) == (204, b"")
    assert "POST" in (reply.header("allow") or "")
    assert reply.header("x-relay-request-id")
    assert sim.requests == []
    assert lane.records() == []


# Refusals and their records


async def test_a_refused_call_of_a_known_key_leaves_its_metadata(lane: Lane) -> None:
    reply = await lane.call("POST", "/v1/chat/completions", b"{nonsense")
    assert (reply.status, reply.code) == (400, "invalid_json")
    record = lane.record
    assert record.rejected is not None and record.opened is None and record.closed is None
    assert record.rejected["count"] == 1
    assert (record.rejected["status"], record.rejected["error_code"]) == (400, "invalid_json")
    assert record.rejected["key"]["name"] == "mine"
    assert record.rejected["path"] == "/v1/chat/completions"


@override_settings(MAX_INFLIGHT_REQUESTS=2)
async def test_too_many_calls_at_once_are_asked_to_come_back(lane: Lane) -> None:
    held = [asyncio.ensure_future(lane.chat("[[sim ttft=400]]")) for _ in range(2)]
    await until(lambda: len(lane.runtime.exchanges) == 2)
    reply = await lane.chat()
    assert (reply.status, reply.code, reply.header("retry-after")) == (503, "relay_overloaded", "1")
    assert [one.status for one in await asyncio.gather(*held)] == [200, 200]
    assert (await lane.chat()).status == 200


@override_settings(MAX_INFLIGHT_BYTES=10_000)
async def test_too_many_bytes_at_once_are_asked_to_come_back(lane: Lane) -> None:
    held = asyncio.ensure_future(lane.chat("x" * 6000 + "[[sim ttft=400]]"))
    await until(lambda: any(exchange.held_bytes for exchange in lane.runtime.exchanges))
    reply = await lane.chat("y" * 6000)
    assert (reply.status, reply.code) == (503, "relay_overloaded")
    assert (await held).status == 200
    assert (await lane.chat("y" * 6000)).status == 200


# Time


async def test_a_total_timeout_before_the_answer_is_504(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(total_timeout_seconds=0.2)
    began = time.monotonic()
    reply = await lane.chat("[[sim hang=before]]")
    assert time.monotonic() - began < 1.5
    assert (reply.status, reply.code) == (504, "total_timeout")
    assert (lane.record.outcome, lane.record.error_code) == ("failed", "total_timeout")
    await until(lambda: sim.requests[0].aborted)


async def test_a_total_timeout_in_a_stream_is_said_in_the_stream(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(total_timeout_seconds=0.3)
    reply = await lane.chat("[[sim chunks=100 delay=20]]", **STREAM)
    assert reply.status == 200
    assert b'"code":"total_timeout"' in reply.parts[-1]
    assert b"[DONE]" not in reply.body
    assert reply.is_complete
    assert (lane.record.outcome, lane.record.error_code) == ("failed", "total_timeout")
    await until(lambda: sim.requests[0].aborted)


async def test_a_total_timeout_in_any_other_body_cuts_the_connection(lane: Lane) -> None:
    lane.configuration.set(total_timeout_seconds=0.3)
    reply = await lane.chat("[[sim hang=10]]")
    assert reply.status == 200
    assert not reply.is_complete
    assert isinstance(reply.error, asyncio.CancelledError)
    assert lane.record.error_code == "total_timeout"


async def test_a_first_byte_timeout_is_504(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set_provider(first_byte_timeout_seconds=0.2)
    reply = await lane.chat("[[sim hang=before]]")
    assert (reply.status, reply.code) == (504, "upstream_timeout")
    record = lane.record
    assert (record.outcome, record.error_code) == ("failed", "upstream_timeout")
    assert record.closed is not None and record.closed["attempts"][0]["error"] == "upstream_timeout"
    await until(lambda: sim.requests[0].aborted)


async def test_a_timeout_of_the_provider_goes_before_the_general_one(lane: Lane) -> None:
    lane.configuration.set(first_byte_timeout_seconds=0.1)
    lane.configuration.set_provider(first_byte_timeout_seconds=5)
    assert (await lane.chat("[[sim ttft=300]]")).status == 200


# Providers that cannot be understood or reached


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
async def test_what_is_not_http_is_502(lane: Lane, answer: bytes) -> None:
    async with Peer(answer) as peer:
        lane.configuration.set_provider(api_base=peer.origin)
        reply = await lane.chat()
    assert (reply.status, reply.code) == (502, "upstream_invalid")
    assert (lane.record.outcome, lane.record.error_code) == ("failed", "upstream_invalid")


async def test_a_provider_nobody_hosts_is_502(lane: Lane) -> None:
    lane.configuration.set_provider(api_base="http://no-such-host.invalid")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (502, "upstream_unreachable")
    assert lane.record.closed is not None
    assert lane.record.closed["attempts"][0]["error"] == "upstream_unreachable"


# Faults inside


async def test_a_fault_of_our_own_is_a_recorded_500_in_json(lane: Lane) -> None:
    lane.configuration.set_provider(api_key=b"not text")
    reply = await lane.chat()
    assert (reply.status, reply.code) == (500, "relay_error")
    assert (lane.record.outcome, lane.record.error_code) == ("failed", "relay_error")


@pytest.mark.parametrize("text", ["[[sim reset=before]]", "[[sim cut=0]]"])
async def test_a_provider_that_hangs_up_is_502(lane: Lane, text: str) -> None:
    reply = await lane.chat(text, **({} if "reset" in text else STREAM))
    if "reset" in text:
        assert (reply.status, reply.code) == (502, "upstream_disconnected")
    else:
        assert b'"code":"upstream_truncated"' in reply.body
