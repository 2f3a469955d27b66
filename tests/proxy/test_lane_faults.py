"""Clients that leave and providers that fail, through a running relay."""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from proxy.simulator import Simulator
from tests.proxy import wires
from tests.proxy.wires import Wire, received
from tests.running import Relay
from tests.waiting import until

JSON = "content-type: application/json"
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"


@pytest.fixture
def wire(relay_server: Relay) -> Iterator[Wire]:
    with wires.connected(relay_server) as made:
        yield made


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


def payload(path: str, text: str, *, stream: bool = True) -> bytes:
    messages = [{"role": "user", "content": text}]
    made = {
        CHAT: {"messages": messages},
        COMPLETIONS: {"prompt": text},
        RESPONSES: {"input": text},
        MESSAGES: {"messages": messages, "max_tokens": 900},
    }[path]
    return json.dumps({"model": "m", "stream": stream, **made}).encode()


# Clients that leave


def leave_with_fin(wire: Wire) -> None:
    wire.socket.shutdown(socket.SHUT_RDWR)


def leave_with_reset(wire: Wire) -> None:
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


MOMENTS = {
    "before the first byte": ("hang=before", True),
    "in a stream": ("chunks=1000 delay=10", True),
    "in the silence of a stream": ("chunks=10 hang=5", True),
    "while a whole answer is made": ("chunks=1000 delay=10", False),
    "in a whole answer": ("size=9000000 hang=8000000", False),
}


@pytest.mark.conformance("guarantee", 4)
@pytest.mark.parametrize("leave", [leave_with_fin, leave_with_reset])
@pytest.mark.parametrize(("script", "stream"), MOMENTS.values(), ids=MOMENTS)
def test_a_client_that_leaves_stops_the_provider_within_a_second(
    wire: Wire,
    simulator: Simulator,
    mark: str,
    script: str,
    stream: bool,
    leave: Callable[[Wire], None],
    record_property: Callable[[str, object], None],
) -> None:
    wire.say(wire.request("POST", CHAT, payload(CHAT, f"[[sim {script}]] {mark}", stream=stream), JSON))
    request = received(simulator, mark)
    if "in a" in script or script.startswith("size"):
        wire.hear_head()
    time.sleep(0.1)
    left = time.monotonic()
    leave(wire)
    until(lambda: request.aborted, 2)
    assert request.aborted_at is not None and request.aborted_at - left < 1
    record_property("ms", (request.aborted_at - left) * 1000)


@pytest.mark.conformance("guarantee", 4)
def test_a_client_that_leaves_in_its_upload_stops_the_provider(
    wire: Wire, simulator: Simulator, mark: str
) -> None:
    announced = wire.request("POST", f"/v1/echo?{mark}", None, "content-length: 1000000")
    wire.say(announced, b"x" * 300_000)
    request = received(simulator, mark)
    leave_with_fin(wire)
    until(lambda: request.aborted, 1)
    assert not request.is_complete


# Providers that break off


@pytest.mark.conformance("guarantee", 3)
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS, RESPONSES, MESSAGES])
@pytest.mark.parametrize("script", ["cut=3", "reset=3", "eof=3", "cut=0"])
def test_a_stream_that_breaks_off_ends_with_an_error_and_never_as_if_whole(
    wire: Wire, path: str, script: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"stream {script}")
    heard = wire.ask("POST", path, payload(path, f"[[sim {script}]] Off"), JSON)
    assert heard.status == 200
    assert heard.is_whole
    last = heard.body.split(b"\n\n")[-2]
    assert b"broke off" in last
    assert last.startswith(b"event: error\n" if path in (RESPONSES, MESSAGES) else b'data: {"error":')
    for end in (b"[DONE]", b"response.completed", b"message_stop"):
        assert end not in heard.body
    assert wire.ask("GET", "/v1/models").status == 200


@pytest.mark.conformance("guarantee", 3)
@pytest.mark.parametrize("script", ["cut=50", "reset=50", "reset=middle"])
def test_a_whole_answer_that_breaks_off_is_cut(
    wire: Wire, script: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"whole answer {script}")
    heard = wire.ask("POST", CHAT, payload(CHAT, f"[[sim {script}]]", stream=False), JSON)
    assert heard.status == 200
    assert not heard.is_whole


@pytest.mark.conformance("guarantee", 3)
def test_a_chunked_answer_that_breaks_off_is_cut(wire: Wire) -> None:
    body = json.dumps(
        {"model": "tts-1", "voice": "alloy", "input": "[[sim cut=3]] " + "word " * 400}
    ).encode()
    heard = wire.ask("POST", "/v1/audio/speech", body, JSON)
    assert heard.status == 200
    assert not heard.is_whole


@pytest.mark.parametrize("stream", [True, False])
def test_a_provider_that_hangs_up_before_its_answer_is_502(wire: Wire, stream: bool) -> None:
    heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim reset=before]]", stream=stream), JSON)
    assert (heard.status, heard.code) == (502, "upstream_disconnected")
    assert heard.json["error"]["type"] == "server_error"


def test_a_fault_inside_does_not_hang_the_connection(wire: Wire) -> None:
    began = time.monotonic()
    heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim reset=headers]]"), JSON)
    assert b"broke off" in heard.body
    assert time.monotonic() - began < 2


# Providers that are not there, and time limits


def test_each_time_limit_has_its_own_words(start_relay: Callable[..., Relay], simulator: Simulator) -> None:
    relay = start_relay(
        TARGET_BASE_URL=simulator.base_url,
        FIRST_BYTE_TIMEOUT_SECONDS="0.5",
        IDLE_TIMEOUT_SECONDS="0.6",
        TOTAL_TIMEOUT_SECONDS="1.5",
    )
    with wires.connected(relay) as wire:
        heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim hang=before]]"), JSON)
        assert (heard.status, heard.code) == (504, "upstream_timeout")
        assert "no answer within 0.5 seconds" in heard.json["error"]["message"]
        heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim hang=3]]"), JSON)
        assert heard.body.split(b"\n\n")[-2].endswith(b'"code":"upstream_timeout"}}')
        assert b"no byte came for 0.6 seconds" in heard.body
        heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim chunks=300 delay=10]]"), JSON)
        assert heard.body.split(b"\n\n")[-2].endswith(b'"code":"total_timeout"}}')
        assert b"longer than 1.5 seconds" in heard.body
    with wires.connected(relay) as wire:
        heard = wire.ask("POST", CHAT, payload(CHAT, "[[sim hang=9]]", stream=False), JSON)
        assert (heard.status, heard.is_whole) == (200, False)


def test_a_provider_that_cannot_be_reached_is_502(start_relay: Callable[..., Relay]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    relay = start_relay(TARGET_BASE_URL=f"http://127.0.0.1:{port}")
    with wires.connected(relay) as wire:
        heard = wire.ask("POST", CHAT, payload(CHAT, "hi"), JSON)
        assert (heard.status, heard.code) == (502, "upstream_unreachable")
        heard = wire.ask("POST", MESSAGES, payload(MESSAGES, "hi"), JSON)
        assert (heard.status, heard.json["error"]["type"]) == (502, "api_error")


def test_without_a_provider_key_the_answer_says_what_to_set(start_relay: Callable[..., Relay]) -> None:
    relay = start_relay(TARGET_API_KEY=None)
    with wires.connected(relay) as wire:
        heard = wire.ask("GET", "/v1/models")
    assert (heard.status, heard.code) == (503, "provider_key_missing")
    assert "TARGET_API_KEY" in heard.json["error"]["message"]


def test_settings_of_the_environment_hold(start_relay: Callable[..., Relay], simulator: Simulator) -> None:
    relay = start_relay(
        TARGET_BASE_URL=simulator.base_url,
        DEFAULT_MODEL="gpt-from-env",
        INJECT_STREAM_USAGE="false",
        MAX_REQUEST_BYTES="2000",
    )
    mark = uuid.uuid4().hex
    with wires.connected(relay) as wire:
        body = b'{"stream":true, "messages":[{"role":"user","content":"%b"}]}' % mark.encode()
        heard = wire.ask("POST", CHAT, body, JSON)
        assert heard.header("x-relay-model") == "gpt-from-env"
        assert received(simulator, mark).body == b'{"model":"gpt-from-env",' + body[1:]
        assert wire.ask("POST", CHAT, payload(CHAT, "x" * 2000), JSON).code == "request_too_large"


def test_a_stream_outlives_a_stop_and_the_rest_is_ended_in_words(
    start_relay: Callable[..., Relay], simulator: Simulator
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, GRACE_SECONDS="1")
    with wires.connected(relay) as short, wires.connected(relay) as long:
        short.say(short.request("POST", CHAT, payload(CHAT, "[[sim chunks=50 delay=10]]"), JSON))
        long.say(long.request("POST", CHAT, payload(CHAT, "[[sim chunks=5000 delay=10]]"), JSON))
        for wire in (short, long):
            wire.file.peek(1)
        assert relay.stop() == 0
        assert short.hear().body.endswith(b"data: [DONE]\n\n")
        ended = long.hear()
    assert ended.is_whole
    assert ended.body.split(b"\n\n")[-2].endswith(b'"code":"relay_stopping"}}')
