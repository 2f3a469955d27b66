from typing import Any

import pytest
from openai import AsyncOpenAI


@pytest.mark.parametrize(
    ("prompt", "choices", "prompt_tokens"),
    [("once upon a time", 2, 4), (["one", "two"], 4, 2), ([1, 2, 3], 2, 3), ([[1, 2], [3]], 4, 3)],
)
async def test_every_kind_of_prompt_is_answered(
    client: AsyncOpenAI, prompt: Any, choices: int, prompt_tokens: int
) -> None:
    answer = await client.completions.create(model="gpt-3.5-turbo-instruct", prompt=prompt, n=2)
    assert len(answer.choices) == choices
    assert answer.usage and answer.usage.prompt_tokens == prompt_tokens


async def test_stream_says_what_the_whole_answer_says(client: AsyncOpenAI) -> None:
    request: dict[str, Any] = {"model": "m", "prompt": "once upon"}
    whole = await client.completions.create(**request)
    stream = await client.completions.create(**request, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks[:-1]) == whole.choices[0].text
    assert chunks[-2].choices[0].finish_reason == "stop" and chunks[-1].usage == whole.usage


async def test_echo_puts_the_prompt_first(client: AsyncOpenAI) -> None:
    answer = await client.completions.create(model="m", prompt="once upon", echo=True)
    assert answer.choices[0].text.startswith("once upon")
