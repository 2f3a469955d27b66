"""Names of models on their way out and back: mapping, PROVIDER_SUFFIX, the answer's own name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.simulator import Simulator
from tests.proxy import lanes
from tests.proxy.lanes import Lane
from tests.proxy.peers import Peer

MAPPED = {"gpt-4o": "upstream-4o", "same": "same"}


def answering(body: bytes, content_type: str = "application/json", status: int = 200) -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (status, content_type.encode(), len(body)) + body


@pytest.fixture
async def mapped(lane: Lane) -> AsyncIterator[Lane]:
    lane.configuration.set_provider(model_mapping=MAPPED)
    yield lane


async def test_the_provider_gets_its_name_and_the_client_its_own(mapped: Lane, sim: Simulator) -> None:
    reply = await mapped.chat()
    assert (reply.status, reply.json["model"]) == (200, "gpt-4o")
    assert reply.header("x-relay-model") == "upstream-4o"
    record = mapped.record
    assert record.opened is not None and record.answered is not None and record.closed is not None
    assert record.opened["model"] == "gpt-4o"
    assert record.answered["model_sent"] == "upstream-4o"
    assert b'"model":"upstream-4o"' in b"".join(record.parts).replace(b'": "', b'":"')
    assert record.closed["edits"] == [
        {"kind": "model_mapping", "from": "gpt-4o", "to": "upstream-4o"},
        {"kind": "model", "from": "upstream-4o", "to": "gpt-4o"},
    ]


async def test_every_event_of_a_stream_carries_the_asked_name(mapped: Lane) -> None:
    reply = await mapped.chat(stream=True)
    assert reply.is_complete
    assert b"upstream-4o" not in reply.body
    assert reply.body.replace(b'": "', b'":"').count(b'"model":"gpt-4o"') > 2
    assert b"upstream-4o" in b"".join(mapped.record.parts)


async def test_an_unmapped_name_passes_without_an_edit(mapped: Lane) -> None:
    reply = await mapped.chat(model="same")
    assert reply.json["model"] == "same"
    assert mapped.record.closed and mapped.record.closed["edits"] == []
    assert reply.header("content-length")


async def test_what_no_mapping_names_is_not_found(mapped: Lane) -> None:
    reply = await mapped.chat(model="other")
    assert (reply.status, reply.code) == (404, "model_not_found")


async def test_the_suffix_is_no_part_of_the_name(lane: Lane) -> None:
    lane.configuration.set(provider_suffix="Proxy")
    reply = await lane.chat(model="Proxy/gpt-4o")
    assert (reply.header("x-relay-model"), reply.json["model"]) == ("gpt-4o", "Proxy/gpt-4o")


async def test_the_answer_keeps_its_name_where_that_is_switched_off(mapped: Lane) -> None:
    mapped.configuration.set(rewrite_response_model=False)
    assert (await mapped.chat()).json["model"] == "upstream-4o"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (answering(b'{"a":1,\n "model" : "upstream-4o" }'), b'{"a":1,\n "model" : "gpt-4o" }'),
        (answering(b'{"model":"upstream-4o-2024"}'), b'{"model":"upstream-4o-2024"}'),
        (answering(b'{"model":"upstream-4o"}', "text/plain"), b'{"model":"upstream-4o"}'),
        (answering(b'{"model":"upstream-4o"}', status=404), b'{"model":"upstream-4o"}'),
    ],
)
async def test_only_the_value_changes_and_only_where_it_is_ours(
    tmp_path: Path, answer: bytes, body: bytes
) -> None:
    async with Peer(answer) as peer, lanes.running(tmp_path, peer.origin) as lane:
        lane.configuration.set_provider(model_mapping=MAPPED)
        reply = await lane.chat(headers=[(b"accept-encoding", b"gzip")])
        assert reply.body == body
        assert b"accept-encoding: identity" in peer.requests[0].lower()
        length = reply.header("content-length")
        assert length is None or int(length) == len(body)


async def test_a_policy_of_the_provider_answers_when_there_is_no_other(lane: Lane) -> None:
    from proxy.access import policy

    given: dict[str, Any] = {"param_whitelist": {"temperature": ["0"]}}
    lane.configuration.set_provider(policy=policy.parse(given))
    assert (await lane.chat(temperature=0)).status == 200
    reply = await lane.chat(temperature=1)
    assert (reply.status, reply.code) == (400, "param_not_allowed")


def form(model: str) -> bytes:
    """With the model after the file, where clients may put it."""
    return (
        b'--b1\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\nRIFF\x00\xff--b\r\n"
        b'--b1\r\nContent-Disposition: form-data; name="model"\r\n\r\n%b\r\n--b1--\r\n' % model.encode()
    )


async def test_the_model_of_a_form_is_mapped_in_its_place(tmp_path: Path) -> None:
    async with (
        Peer(answering(b'{"text":"hi"}')) as other,
        Peer(answering(b'{"text":"hi"}')) as peer,
        lanes.running(tmp_path, other.origin) as lane,
    ):
        first = lane.configuration.current.providers[0]
        several = (
            replace(first, model_mapping={"tts": "tts"}),
            replace(
                first, id=2, provider_type="azure", api_base=peer.origin, model_mapping={"whisper-*": "dep"}
            ),
        )
        lane.configuration.current = replace(lane.configuration.current, providers=several)
        content_type = [(b"content-type", b"multipart/form-data; boundary=b1")]
        path = "/v1/audio/transcriptions"
        reply = await lane.call("POST", path, form("whisper-1"), content_type)
        assert reply.status == 200
        assert peer.requests[0].startswith(b"POST /openai/v1/audio/transcriptions ")
        assert peer.requests[0].endswith(form("dep"))
        assert lane.record.opened and lane.record.opened["model"] == "whisper-1"
        reply = await lane.call("POST", path, form("other"), content_type)
        assert reply.code == "model_not_found"
        assert not other.requests


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("/v1/responses", {"input": "hi"}),
        ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}),
        ("/v1/completions", {"prompt": "hi"}),
    ],
)
async def test_every_protocol_carries_the_asked_name(
    mapped: Lane, path: str, payload: dict[str, Any], is_stream: bool
) -> None:
    reply = await mapped.call("POST", path, {"model": "gpt-4o", "stream": is_stream, **payload})
    assert (reply.status, reply.is_complete) == (200, True)
    assert b'"model":"gpt-4o"' in reply.body.replace(b'": "', b'":"')
    assert b"upstream-4o" not in reply.body
    assert mapped.record.outcome == "completed"


async def test_embeddings_carry_it_however_late_it_comes(mapped: Lane) -> None:
    reply = await mapped.call("POST", "/v1/embeddings", {"model": "gpt-4o", "input": ["word"] * 50})
    assert reply.json["model"] == "gpt-4o"
    assert len(reply.json["data"]) == 50


async def test_messages_go_to_anthropics_provider_as_they_are(tmp_path: Path) -> None:
    said = b'{"type":"message","model":"claude","content":[]}'
    async with (
        Peer(answering(b'{"model":"x"}')) as openai,
        Peer(answering(said)) as claude,
        lanes.running(tmp_path, openai.origin) as lane,
    ):
        first = lane.configuration.current.providers[0]
        second = replace(first, id=2, provider_type="anthropic", api_base=claude.origin, api_key="sk-ant")
        lane.configuration.current = replace(lane.configuration.current, providers=(first, second))
        body = b'{"model":"claude" , "max_tokens":1,"messages":[]}'
        reply = await lane.call("POST", "/v1/messages?beta=true", body, [(b"anthropic-beta", b"a")])
        assert reply.body == said
        (request,) = claude.requests
        assert request.startswith(b"POST /v1/messages?beta=true ")
        assert request.endswith(b"\r\n\r\n" + body)
        for line in (b"x-api-key: sk-ant", b"anthropic-version: 2023-06-01", b"anthropic-beta: a"):
            assert b"\r\n" + line + b"\r\n" in request
        assert b"authorization" not in request.lower()
        await lane.call("POST", "/v1/messages/count_tokens", body)
        assert len(claude.requests) == 2
        await lane.chat(model="claude")
        assert (len(openai.requests), len(claude.requests)) == (1, 2)
