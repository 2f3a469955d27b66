from __future__ import annotations

from typing import Any

import pytest

from logs_app.folding import start
from logs_app.presentation import passages
from tests.logs_app.folds import sse


def said(path: str, *events: dict[str, Any]) -> list[list[tuple[str, str, str]]]:
    """After each event, of a stream that goes on."""
    folder = start(path, 200, "text/event-stream", True)
    found = []
    for event in events:
        folder.feed(sse(event))
        found.append([tuple(passage) for passage in passages.of(folder.body_so_far)])
    return found


def delta(**fields: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields}]}


def call(arguments: str, **more: Any) -> dict[str, Any]:
    return delta(tool_calls=[{"index": 0, "function": {"arguments": arguments} | more}])


def test_a_chat_thinks_speaks_and_calls():
    steps = said(
        "/v1/chat/completions",
        delta(role="assistant"),
        delta(reasoning_content="Hm"),
        delta(content="Let"),
        delta(content=" me"),
        call('{"a"', name="look"),
        call(": 1}"),
    )
    assert steps[0] == []
    assert steps[3] == [("thought", "", "Hm"), ("text", "", "Let me")]
    assert steps[4][-1] == ("call", "look", '{"a"')
    assert steps[5][-1] == ("call", "look", '{"a": 1}')


def test_a_response_and_a_message_do_so_too():
    item = {"type": "function_call", "name": "look", "arguments": ""}
    assert said(
        "/v1/responses",
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"},
        {"type": "response.output_item.added", "output_index": 1, "item": item},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{"},
    )[-1] == [("text", "", "Hi"), ("call", "look", "{")]
    thinking = {"type": "thinking_delta", "thinking": "Hm"}
    assert said(
        "/v1/messages",
        {"type": "message_start", "message": {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": thinking},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
    )[-1] == [("thought", "", "Hm"), ("text", "", "Hi")]


def test_a_completion_is_text():
    event = {"object": "text_completion", "choices": [{"index": 0, "text": "Hi"}]}
    assert said("/v1/completions", event, event)[-1] == [("text", "", "HiHi")]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "text",
        [],
        {},
        {"choices": 7},
        {"choices": [None, {"message": 5}, {"message": {"content": 1}}]},
        {"output": [{"type": "reasoning", "summary": 7}], "content": "x"},
        {"content": [{"name": "f", "input": {1}}]},
    ],
)
def test_what_says_nothing_has_no_passages(body):
    assert [passage.text for passage in passages.of(body)] in ([], ["…"])
