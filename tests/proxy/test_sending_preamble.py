from __future__ import annotations

import orjson
import pytest

from proxy.sending import preamble


def chunk(delta: dict[str, object], **given: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None} | given
    return b"data: " + orjson.dumps({"id": "c", "choices": [choice]}) + b"\n\n"


NOT_BEGUN = {
    "a comment": b": OPENROUTER PROCESSING\n\n",
    "only the role": chunk({"role": "assistant"}),
    "an empty text": chunk({"role": "assistant", "content": "", "refusal": None}),
    "no choices": b'data: {"choices":[],"prompt_filter_results":[]}\n\n',
    "anthropic's greeting": b'event: message_start\ndata: {"type":"message_start","message":{}}\n\n',
    "anthropic's ping": b'event: ping\r\ndata: {"type": "ping"}\r\n\r\n',
    "responses' greetings": b'data: {"type":"response.created"}\n\ndata: {"type":"response.in_progress"}\n\n',
    "nothing": b"",
}
BEGUN = {
    "text": chunk({"content": "H"}),
    "a tool": chunk({"tool_calls": [{"index": 0}]}),
    "reasoning": chunk({"reasoning_content": "hm"}),
    "the end": chunk({}, finish_reason="stop"),
    "a completion": b'data: {"choices":[{"text":"H"}]}\n\n',
    "anthropic's block": b'data: {"type":"content_block_start"}\n\n',
    "responses' item": b'data: {"type":"response.output_item.added"}\n\n',
    "what nobody knows": b"data: [DONE]\n\n",
    "what is no JSON": b"data: {half\n\n",
}


@pytest.mark.parametrize("block", NOT_BEGUN.values(), ids=NOT_BEGUN)
def test_a_preamble_is_not_the_beginning(block: bytes) -> None:
    assert not preamble.begins(block)


@pytest.mark.parametrize("block", BEGUN.values(), ids=BEGUN)
def test_a_token_is(block: bytes) -> None:
    assert preamble.begins(block)
    assert preamble.begins(NOT_BEGUN["only the role"] + block)


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n',
        b'event: error\ndata: {"type":"error","code":"server_error","message":"Overloaded"}\n\n',
        b'data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
        b'data: {"type":"response.failed","response":{"error":{"message":"Overloaded"}}}\n\n',
        b'data: {"error":"Overloaded"}\n\n',
    ],
)
def test_errors_are_found_in_every_protocol(event: bytes) -> None:
    error = preamble.error_in(chunk({"content": "a"}) + event)
    assert error is not None and error["message"] == "Overloaded"


@pytest.mark.parametrize("code", ["context_length_exceeded", "content_filter"])
def test_the_callers_fault_is_no_reason_to_ask_elsewhere(code: str) -> None:
    assert preamble.error_in(b'data: {"error":{"message":"no","code":"%b"}}\n\n' % code.encode()) is None


def test_text_about_errors_is_no_error() -> None:
    assert preamble.error_in(chunk({"content": '{"error": {"message": "x"}}'})) is None
    assert preamble.error_in(b'data: {"error":null,"choices":[]}\n\n') is None


def test_an_event_that_is_not_json_is_found() -> None:
    assert preamble.garbled(chunk({"content": "a"}) + b"data: [DONE]\n\n") is None
    assert preamble.garbled(chunk({"content": "a"}) + b'data: {"half\n\n: fine\n\n') == b'{"half'


@pytest.mark.parametrize("blank", [b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\n\r", b"\r\r\n"])
def test_an_event_ends_with_any_blank_line(blank: bytes) -> None:
    assert list(preamble.events(b'data: {"a":1}' + blank + b'data: {"b":2}\n\n')) == [b'{"a":1}', b'{"b":2}']


def test_data_of_several_lines_is_one() -> None:
    assert list(preamble.events(b"event: x\ndata: {\ndata: }\n\n")) == [b"{\n}"]
