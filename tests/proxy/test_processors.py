"""Chains of steps in the lane: their order, what is sent and recorded, and what happens when one fails."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy.configuration.configuration import Policy, Processor, Route
from proxy.simulator import Simulator
from tests.proxy.lanes import Lane

OWN = "tests.proxy.processors.own."
JSON = (b"content-type", b"application/json")


def processor(
    type_: str, value: str = "", *, skips: bool = False, name: str = "", **settings: Any
) -> Processor:
    return Processor(name or type_.replace("_", "-"), type_, value, settings, skips)


def use(lane: Lane, *processors: Processor, prefix: str = "/v1", **given: Any) -> None:
    made = Route("team", prefix, processors=processors, **given)
    lane.configuration.current = replace(lane.configuration.current, routes=(made,))


def entries(lane: Lane) -> list[dict[str, Any]]:
    assert lane.record.closed is not None
    return [edit for edit in lane.record.closed["edits"] if edit["kind"] == "processor"]


def sent(sim: Simulator) -> Any:
    return orjson.loads(sim.requests[-1].body)


async def test_steps_are_taken_in_order_each_on_what_the_one_before_made(lane: Lane, sim: Simulator) -> None:
    use(
        lane,
        processor("system_prompt", "Answer KINDLY."),
        processor("regex_replace", "kindly", roles=["system"], ignore_case=True, replacement="shortly"),
        processor("set_params", temperature=0.2),
        processor("set_params", temperature=0.3, name="later"),
        processor("drop_params", "user"),
    )
    assert (await lane.chat("hi", user="me", seed=7)).status == 200
    assert sent(sim) == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Answer shortly."}, {"role": "user", "content": "hi"}],
        "seed": 7,
        "temperature": 0.3,
    }
    assert [(entry["name"], entry["changed"]) for entry in entries(lane)] == [
        ("system-prompt", ["messages"]),
        ("regex-replace", ["messages"]),
        ("set-params", ["temperature"]),
        ("later", ["temperature"]),
        ("drop-params", ["user"]),
    ]


async def test_the_record_has_the_request_as_it_came_and_as_it_went_on(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("regex_replace", "secret", replacement="[gone]"))
    await lane.chat("my secret")
    assert b"my secret" in lane.record.request
    assert lane.record.sent == sim.requests[-1].body and b"my [gone]" in lane.record.sent


async def test_what_no_step_changed_is_recorded_once(lane: Lane) -> None:
    use(lane, processor("regex_replace", "secret", replacement="[gone]"))
    await lane.chat("hi")
    assert lane.record.sent == b""


async def test_what_no_step_changes_keeps_its_bytes(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("regex_replace", "secret"), processor("logger"), processor("set_params", n=1))
    body = (
        b'{ "n":1, "seed":123456789012345678901234567890,\n "model" : "gpt-4o",'
        b'"messages":[{"role":"user","content":"\\u0068i"}]}'
    )
    assert (await lane.call("POST", "/v1/chat/completions", body)).status == 200
    assert sim.requests[-1].body == body
    assert entries(lane) == []


async def test_a_stream_is_one_still(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("system_prompt", "Be kind."), prefix="/team")
    reply = await lane.call(
        "POST", "/team/chat/completions", {"model": "gpt-4o", "stream": True, "messages": []}
    )
    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert sent(sim)["stream_options"] == {"include_usage": True}


async def test_our_own_edits_see_what_a_step_has_set(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("set_params", stream_options={"include_usage": False}))
    await lane.chat(stream=True)
    assert sim.requests[-1].body.count(b"stream_options") == 1


async def test_a_step_may_choose_another_model(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("set_params", model="gpt-4o-mini"))
    reply = await lane.chat()
    assert sent(sim)["model"] == "gpt-4o-mini"
    assert reply.header("x-relay-model") == "gpt-4o-mini"
    assert lane.record.opened is not None and lane.record.opened["model"] == "gpt-4o"


async def test_a_providers_policy_is_about_what_it_gets(lane: Lane) -> None:
    lane.configuration.set_provider(policy=Policy(param_whitelist=(("temperature", ("0.2",)),)))
    assert (await lane.chat(temperature=1.5)).code == "param_not_allowed"
    use(lane, processor("set_params", temperature=0.2))
    assert (await lane.chat(temperature=1.5)).status == 200
    use(lane, processor("set_params", temperature=0.3))
    assert (await lane.chat(temperature=0.2)).code == "param_not_allowed"


async def test_the_default_model_is_there_for_the_steps(lane: Lane, sim: Simulator) -> None:
    lane.configuration.set(default_model="gpt-4.1")
    use(lane, processor("set_params", "if_missing", model="other"))
    await lane.call("POST", "/v1/chat/completions", {"messages": []})
    assert sent(sim)["model"] == "gpt-4.1"


FAILING = {
    "Refusing": "it does not like this request",
    "Raising": "it raised RuntimeError",
    "Nonsense": "it raised TypeError",
    "Streaming": "it changed 'stream', which is the caller's choice",
    "Missing": f"its configuration cannot be used: {OWN}Missing cannot be imported",
}


@pytest.mark.parametrize(("name", "why"), FAILING.items())
async def test_a_step_that_fails_stops_the_call(lane: Lane, sim: Simulator, name: str, why: str) -> None:
    use(lane, processor("set_params", n=1), processor("python", OWN + name, name="mine"))
    reply = await lane.chat()
    assert (reply.status, reply.code) == (502, "processor_failed")
    assert "'mine'" in reply.json["error"]["message"] and why in reply.json["error"]["message"]
    assert "secret" not in str(reply.json)
    assert sim.requests == []
    assert (lane.record.outcome, lane.record.error_code) == ("failed", "processor_failed")
    assert entries(lane)[-1]["failed"].startswith(why)


@pytest.mark.parametrize(("name", "why"), FAILING.items())
async def test_a_step_that_fails_may_be_left_out(lane: Lane, sim: Simulator, name: str, why: str) -> None:
    use(
        lane,
        processor("python", OWN + name, skips=True),
        processor("set_params", n=1),
    )
    assert (await lane.chat("hi")).status == 200
    assert sent(sim) == {"n": 1, "model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    assert entries(lane)[0]["skipped"].startswith(why)


async def test_a_type_that_is_gone_fails_like_any_step(lane: Lane) -> None:
    use(lane, processor("telepathy"))
    reply = await lane.chat()
    assert reply.code == "processor_failed"


async def test_uploads_are_passed_by_and_logged(
    lane: Lane, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    use(lane, processor("set_params", n=1), processor("logger"))
    form = [(b"content-type", b"multipart/form-data; boundary=x")]
    assert (await lane.call("POST", "/v1/files", [b"--x", b"--x--"], form)).status < 500
    assert sim.requests[-1].body == b"--x--x--"
    assert entries(lane) == [
        {
            "kind": "processor",
            "name": "set-params",
            "type": "set_params",
            "skipped": "the request is no JSON object",
        }
    ]
    assert any('path="/v1/files"' in message for message in caplog.messages)


async def test_a_call_without_a_body_is_passed_by_without_a_word(lane: Lane) -> None:
    use(lane, processor("set_params", n=1))
    assert (await lane.call("GET", "/v1/models")).status == 200
    assert entries(lane) == []


async def test_an_encoded_body_is_no_way_past_a_step(lane: Lane, sim: Simulator) -> None:
    body = gzip.compress(b'{"model":"gpt-4o","messages":[]}')
    use(lane, processor("regex_replace", "secret"))
    reply = await lane.call("POST", "/v1/chat/completions", body, [JSON, (b"content-encoding", b"gzip")])
    assert (reply.code, sim.requests) == ("processor_failed", [])
    use(lane, processor("regex_replace", "secret", skips=True))
    await lane.call("POST", "/v1/chat/completions", body, [JSON, (b"content-encoding", b"gzip")])
    assert sim.requests[-1].body == body


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"model":"m","messages":[],"Messages":[]}', "read 'Messages' as 'messages'"),
        (b'{"model":"m","messages":[],"Stream":true}', "read 'Stream' as 'stream'"),
        (b'{"model":"m","messages":[],"messages":[]}', "'messages' twice"),
        (b'{"model":"m","messages":[],"n":1,"\\u006e":2}', "'n' twice"),
    ],
)
async def test_what_can_be_read_in_two_ways_is_no_way_past_a_step(
    lane: Lane, sim: Simulator, body: bytes, why: str
) -> None:
    use(lane, processor("regex_replace", "secret"))
    reply = await lane.call("POST", "/v1/chat/completions", body)
    assert reply.code == "processor_failed"
    assert why in reply.json["error"]["message"]
    assert sim.requests == []


async def test_other_routes_have_other_steps(lane: Lane, sim: Simulator) -> None:
    use(lane, processor("set_params", n=1), prefix="/team")
    await lane.chat()
    assert "n" not in sent(sim)


async def test_anthropics_callers_get_anthropics_error(lane: Lane) -> None:
    use(lane, processor("python", OWN + "Raising"), prefix="/claude")
    reply = await lane.call("POST", "/claude/messages", {"model": "claude", "messages": []})
    assert (reply.status, reply.json["type"]) == (502, "error")
