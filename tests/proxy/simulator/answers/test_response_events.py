from typing import Any

from openai import AsyncOpenAI

from tests.proxy.simulator.answers.test_responses import TOOLS


async def events(client: AsyncOpenAI, text: str, **more: Any) -> list[Any]:
    stream = await client.responses.create(model="gpt-5-mini", input=text, stream=True, **more)
    return [event async for event in stream]


def kinds(told: list[Any]) -> list[str]:
    return list(dict.fromkeys(event.type.removeprefix("response.") for event in told))


async def test_message_is_told_from_created_to_completed(client: AsyncOpenAI) -> None:
    told = await events(client, "the green door")
    assert kinds(told) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in told] == list(range(len(told)))
    text = "".join(event.delta for event in told if event.type == "response.output_text.delta")
    assert text == told[-1].response.output_text


async def test_reasoning_and_calls_have_their_own_events(client: AsyncOpenAI) -> None:
    told = await events(client, "why", tools=TOOLS, reasoning={"summary": "auto"})
    assert "reasoning_summary_text.delta" in kinds(told)
    arguments = [event for event in told if event.type == "response.function_call_arguments.done"]
    assert [event.arguments for event in arguments] == [
        item.arguments for item in told[-1].response.output[1:]
    ]


async def test_refusal_has_its_own_events(client: AsyncOpenAI) -> None:
    told = await events(client, "no [[sim refusal=1]]")
    assert {"refusal.delta", "refusal.done"} <= set(kinds(told))


async def test_unfinished_response_ends_incomplete(client: AsyncOpenAI) -> None:
    assert kinds(await events(client, "the green door", max_output_tokens=3))[-1] == "incomplete"


async def test_background_stream_begins_queued(client: AsyncOpenAI) -> None:
    assert kinds(await events(client, "later", background=True))[:3] == ["created", "queued", "in_progress"]


async def test_stream_can_be_taken_up_again_behind_a_number(client: AsyncOpenAI) -> None:
    told = await events(client, "the green door", background=True)
    response_id = told[0].response.id
    again = [
        event async for event in await client.responses.retrieve(response_id, stream=True, starting_after=5)
    ]
    assert [event.sequence_number for event in again] == [event.sequence_number for event in told[6:]]
    assert again[-1].response.output_text == told[-1].response.output_text
