from typing import Any

import pytest
from anthropic import AsyncAnthropic, AuthenticationError, RateLimitError

from proxy.simulator import Simulator

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "the blue kettle"}],
}
TOOLS: list[Any] = [
    {"name": name, "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}}
    for name in ("a", "b")
]


async def test_answer_repeats_the_users_words(claude: AsyncAnthropic) -> None:
    message = await claude.messages.create(**ASK)
    assert message.content[0].type == "text" and "the blue kettle" in message.content[0].text
    assert message.stop_reason == "end_turn" and message._request_id


async def test_stream_says_what_the_whole_answer_says(claude: AsyncAnthropic) -> None:
    whole = await claude.messages.create(**ASK)
    async with claude.messages.stream(**ASK) as stream:
        summed = await stream.get_final_message()
    assert summed.content[0].type == whole.content[0].type == "text"
    assert summed.content[0].text == whole.content[0].text
    assert summed.usage.output_tokens == whole.usage.output_tokens


async def test_stream_tells_its_events_in_order(claude: AsyncAnthropic) -> None:
    stream = await claude.messages.create(**ASK, stream=True)
    kinds = dict.fromkeys([event.type async for event in stream])
    assert [*kinds] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_thinking_and_tools_are_blocks(claude: AsyncAnthropic) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    request = ASK | {"tools": TOOLS, "thinking": thinking}
    async with claude.messages.stream(**request) as stream:
        message = await stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "tool_use", "tool_use"]
    assert message.stop_reason == "tool_use" and message.content[0].signature  # type: ignore[union-attr]
    assert message.content[1].input == {"q": "the blue kettle"}  # type: ignore[union-attr]


async def test_tool_result_is_answered_in_words(claude: AsyncAnthropic) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "it boils"}
    messages = [
        *ASK["messages"],
        {"role": "assistant", "content": "…"},
        {"role": "user", "content": [result]},
    ]
    message = await claude.messages.create(**ASK | {"messages": messages, "tools": TOOLS})
    assert "it boils" in message.content[0].text  # type: ignore[union-attr]


async def test_token_limit_is_a_stop_reason(claude: AsyncAnthropic) -> None:
    assert (await claude.messages.create(**ASK | {"max_tokens": 3})).stop_reason == "max_tokens"


async def test_tokens_are_counted(claude: AsyncAnthropic) -> None:
    counted = await claude.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    assert counted.input_tokens == (await claude.messages.create(**ASK)).usage.input_tokens


async def test_errors_have_anthropics_shape(claude: AsyncAnthropic, sim: Simulator) -> None:
    with pytest.raises(RateLimitError) as limited:
        await claude.messages.create(
            **ASK | {"messages": [{"role": "user", "content": "[[sim status=429]]"}]}
        )
    assert limited.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]
    async with AsyncAnthropic(base_url=sim.origin, api_key="wrong") as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.messages.create(**ASK)
