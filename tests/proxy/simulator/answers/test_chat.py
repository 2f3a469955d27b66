import json
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from pydantic import BaseModel

ASK: list[Any] = [{"role": "user", "content": "Tell me of the red bicycle"}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
    for name in ("get_weather", "get_news")
]


def asking(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


async def streamed(client: AsyncOpenAI, **request: Any) -> list[Any]:
    return [
        chunk async for chunk in await client.chat.completions.create(model="gpt-4o", stream=True, **request)
    ]


async def test_answer_repeats_the_users_words(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert "Tell me of the red bicycle" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop" and answer.model == "gpt-4o"


async def test_stream_says_what_the_whole_answer_says(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="gpt-4o", messages=ASK)
    chunks = await streamed(client, messages=ASK, stream_options={"include_usage": True})
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage


async def test_usage_comes_only_when_asked_for(client: AsyncOpenAI) -> None:
    asked = await streamed(client, messages=ASK, stream_options={"include_usage": True})
    unasked = await streamed(client, messages=ASK)
    refused = await streamed(client, messages=ASK, stream_options={"include_usage": False})
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in asked[:-1])
    assert all(chunk.choices and "usage" not in chunk.model_fields_set for chunk in unasked + refused)


async def test_chunks_word_gives_exactly_so_many_events(client: AsyncOpenAI) -> None:
    chunks = await streamed(client, messages=asking("hi [[sim chunks=7]]"))
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) == 7


async def test_choices_interleave_and_differ(client: AsyncOpenAI) -> None:
    chunks = await streamed(client, messages=asking("hi [[sim chunks=5]]"), n=3)
    texts = dict.fromkeys(range(3), "")
    for chunk in chunks:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert len(set(texts.values())) == 3 and "hi" in texts[2]
    assert [chunk.choices[0].index for chunk in chunks[3:9]] == [0, 1, 2, 0, 1, 2]


async def test_tools_are_called_in_parallel(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="gpt-4o", messages=ASK, tools=TOOLS)
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather", "get_news"]
    assert all("red bicycle" in json.loads(call.function.arguments)["city"] for call in calls)
    assert answer.choices[0].finish_reason == "tool_calls" and len({call.id for call in calls}) == 2


async def test_streamed_tool_calls_add_up_to_the_whole_ones(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="gpt-4o", messages=ASK, tools=TOOLS)
    async with client.chat.completions.stream(model="gpt-4o", messages=ASK, tools=TOOLS) as stream:
        summed = (await stream.get_final_completion()).choices[0].message.tool_calls or []
    wanted = whole.choices[0].message.tool_calls or []
    assert [call.function.arguments for call in summed] == [call.function.arguments for call in wanted]


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"parallel_tool_calls": False}, ["get_weather"]),
        ({"tool_choice": {"type": "function", "function": {"name": "get_news"}}}, ["get_news"]),
        ({"tool_choice": "none"}, []),
        ({"messages": asking("x [[sim tool_calls=3]]")}, ["get_weather", "get_news", "get_weather"]),
    ],
)
async def test_tool_choice_is_honoured(client: AsyncOpenAI, more: dict[str, Any], names: list[str]) -> None:
    request: dict[str, Any] = {"model": "gpt-4o", "messages": ASK, "tools": TOOLS} | more
    answer = await client.chat.completions.create(**request)
    assert [call.function.name for call in answer.choices[0].message.tool_calls or []] == names


async def test_tool_results_are_answered_in_words(client: AsyncOpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages: list[Any] = [
        *ASK,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"},
    ]
    answer = await client.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)
    assert "18 degrees" in (answer.choices[0].message.content or "")


async def test_images_are_seen(client: AsyncOpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages = asking([{"type": "text", "text": "What is it?"}, image, image])  # type: ignore[arg-type]
    answer = await client.chat.completions.create(model="gpt-4o", messages=messages)
    assert "What is it? (with 2 images)" in (answer.choices[0].message.content or "")


class Due(BaseModel):
    day: str
    count: int


async def test_structured_answer_fits_its_schema(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.parse(model="gpt-4o", messages=ASK, response_format=Due)
    assert isinstance(answer.choices[0].message.parsed, Due)


async def test_json_object_is_json(client: AsyncOpenAI) -> None:
    chunks = await streamed(client, messages=ASK, response_format={"type": "json_object"})
    assert (
        json.loads("".join(chunk.choices[0].delta.content or "" for chunk in chunks))["is_simulated"] is True
    )


@pytest.mark.parametrize("stream", [True, False])
async def test_logprobs_cover_the_text(client: AsyncOpenAI, stream: bool) -> None:
    request: dict[str, Any] = {"messages": ASK, "logprobs": True}
    if stream:
        choices = [chunk.choices[0] for chunk in await streamed(client, **request)]
    else:
        choices = (await client.chat.completions.create(model="gpt-4o", **request)).choices
    tokens = [token.token for choice in choices if choice.logprobs for token in choice.logprobs.content or []]
    assert "Tell me of the red bicycle" in "".join(tokens)


async def test_reasoning_comes_before_the_text(client: AsyncOpenAI) -> None:
    chunks = await streamed(client, messages=asking("why [[sim reasoning=4 chunks=3]]"))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    reasoning = [index for index, delta in enumerate(deltas) if getattr(delta, "reasoning_content", None)]
    spoken = [index for index, delta in enumerate(deltas) if delta.content]
    assert len(reasoning) == 4 and len(spoken) == 3 and max(reasoning) < min(spoken)


async def test_reasoning_effort_is_billed(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="gpt-5", messages=ASK, reasoning_effort="low")
    assert answer.usage and answer.usage.completion_tokens_details
    assert answer.usage.completion_tokens_details.reasoning_tokens == 64


async def test_max_tokens_cut_the_answer_short(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="gpt-4o", messages=ASK, max_completion_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage and answer.usage.completion_tokens == 3


async def test_words_of_the_script_shape_the_answer(client: AsyncOpenAI) -> None:
    messages = asking("x [[sim text=SGVsbG8g5L2g5aW9 refusal=1 finish=content_filter]]")
    choice = (await client.chat.completions.create(model="gpt-4o", messages=messages)).choices[0]
    assert (choice.message.refusal, choice.message.content) == ("Hello 你好", None)
    assert choice.finish_reason == "content_filter"


async def test_stored_completion_can_be_read_changed_and_deleted(client: AsyncOpenAI) -> None:
    made = await client.chat.completions.create(model="gpt-4o", messages=ASK, store=True, metadata={"a": "1"})
    assert (await client.chat.completions.retrieve(made.id)).choices == made.choices
    assert [each.id async for each in client.chat.completions.list()] == [made.id]
    assert len((await client.chat.completions.messages.list(made.id)).data) == 1
    assert (await client.chat.completions.update(made.id, metadata={"a": "2"})).metadata == {"a": "2"}
    assert (await client.chat.completions.delete(made.id)).deleted
    with pytest.raises(NotFoundError):
        await client.chat.completions.retrieve(made.id)


async def test_missing_model_is_not_found(client: AsyncOpenAI) -> None:
    with pytest.raises(NotFoundError) as refused:
        await client.chat.completions.create(model="missing-1", messages=ASK)
    assert refused.value.code == "model_not_found"


async def test_missing_parameter_is_named(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError) as refused:
        await client.post("/chat/completions", body={"model": "gpt-4o"}, cast_to=object)
    assert refused.value.param == "messages"
