from typing import Any

import orjson
import pytest

from proxy.simulator import prompts
from proxy.simulator.bodies import Body
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.shelves import Shelves
from proxy.simulator.wire import Request, parse_head


def call(payload: dict[str, Any]) -> Call:
    body = Body()
    body.append(orjson.dumps(payload))
    return Call(Request(parse_head(b"POST /v1/x HTTP/1.1"), body), Shelves())


def test_last_user_message_is_what_was_said() -> None:
    messages = [
        {"role": "user", "content": "old"},
        {"role": "user", "content": [{"text": "new"}, {"text": "words"}]},
    ]
    prompt = prompts.of_chat(call({"messages": [*messages, {"role": "assistant", "content": "…"}]}))
    assert prompt.text == "new words"


def test_pictures_are_counted_in_every_dialect() -> None:
    for kind in prompts.IMAGE_PARTS:
        message = {"role": "user", "content": [{"type": kind}, {"type": "text", "text": "x"}]}
        assert prompts.of_chat(call({"messages": [message]})).images == 1
        assert prompts.of_responses(call({"input": [message]})).images == 1


def test_input_may_be_a_string() -> None:
    assert prompts.of_responses(call({"input": "hello"})).text == "hello"


def test_only_the_tool_results_at_the_end_are_new() -> None:
    messages = [
        {"role": "tool", "content": "old"},
        {"role": "user", "content": "x"},
        {"role": "tool", "content": "new"},
    ]
    assert prompts.of_chat(call({"messages": messages})).tool_results == ["new"]


@pytest.mark.parametrize("messages", ["text", [1], {"role": "user"}])
def test_messages_of_another_shape_are_refused(messages: Any) -> None:
    with pytest.raises(Refusal):
        prompts.of_chat(call({"messages": messages}))


def test_thinking_is_shown_where_it_was_asked_for() -> None:
    messages = [{"role": "user", "content": "x"}]
    shown = {"messages": messages, "thinking": {"type": "enabled"}}
    assert (
        prompts.of_messages(call(shown)).reasoning
        > prompts.of_messages(call({"messages": messages})).reasoning
    )
    assert prompts.of_chat(call({"messages": messages, "model": "deepseek-reasoner"})).reasoning > 0
    assert prompts.of_responses(call({"input": "x", "reasoning": {"summary": "auto"}})).reasoning > 0
