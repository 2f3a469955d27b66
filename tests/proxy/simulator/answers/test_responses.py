import asyncio
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError

TOOLS: list[Any] = [
    {
        "type": "function",
        "name": name,
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
    }
    for name in ("search", "fetch")
]


async def create(client: AsyncOpenAI, say: Any = "the green door", **more: Any) -> Any:
    return await client.responses.create(**{"model": "gpt-5-mini", "input": say} | more)


async def test_answer_repeats_the_users_words(client: AsyncOpenAI) -> None:
    answer = await create(client)
    assert answer.status == "completed" and "the green door" in answer.output_text
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


async def test_kept_response_is_retrieved_with_its_input_and_deleted(client: AsyncOpenAI) -> None:
    made = await create(client)
    assert (await client.responses.retrieve(made.id)).output_text == made.output_text
    items = (await client.responses.input_items.list(made.id)).data
    assert items[0].content[0].text == "the green door"  # type: ignore[union-attr]
    await client.responses.delete(made.id)
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(made.id)


async def test_response_that_is_not_stored_cannot_be_continued(client: AsyncOpenAI) -> None:
    unstored = await create(client, store=False)
    with pytest.raises(BadRequestError) as refused:
        await create(client, previous_response_id=unstored.id)
    assert refused.value.code == "previous_response_not_found"
    stored = await create(client)
    assert (await create(client, previous_response_id=stored.id)).previous_response_id == stored.id


async def test_background_response_goes_through_its_states(client: AsyncOpenAI) -> None:
    made = await create(client, background=True)
    seen = [made.status]
    while seen[-1] not in ("completed", "failed"):
        await asyncio.sleep(0.1)
        seen.append((await client.responses.retrieve(made.id)).status)
    assert list(dict.fromkeys(seen)) == ["queued", "in_progress", "completed"]


async def test_background_response_can_be_cancelled(client: AsyncOpenAI) -> None:
    made = await create(client, background=True)
    assert (await client.responses.cancel(made.id)).status == "cancelled"
    assert (await client.responses.retrieve(made.id)).status == "cancelled"


async def test_synchronous_response_cannot_be_cancelled(client: AsyncOpenAI) -> None:
    made = await create(client)
    with pytest.raises(BadRequestError):
        await client.responses.cancel(made.id)


async def test_tools_are_called_and_their_results_answered(client: AsyncOpenAI) -> None:
    asked = await create(client, tools=TOOLS)
    assert [(item.type, item.name) for item in asked.output] == [
        ("function_call", "search"),
        ("function_call", "fetch"),
    ]
    result = {"type": "function_call_output", "call_id": asked.output[0].call_id, "output": "a wooden one"}
    answered = await create(client, [{"role": "user", "content": "which door"}, result], tools=TOOLS)  # type: ignore[arg-type]
    assert "a wooden one" in answered.output_text


async def test_structured_answer_fits_its_schema(client: AsyncOpenAI) -> None:
    schema = {"type": "object", "properties": {"door": {"enum": ["green"]}}, "required": ["door"]}
    answer = await create(client, text={"format": {"type": "json_schema", "name": "d", "schema": schema}})
    assert answer.output_text == '{"door":"green"}'


async def test_token_limit_leaves_it_incomplete(client: AsyncOpenAI) -> None:
    answer = await create(client, max_output_tokens=4)
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"


async def test_input_tokens_are_counted(client: AsyncOpenAI) -> None:
    assert (await client.responses.input_tokens.count(model="m", input="12345678")).input_tokens > 2
