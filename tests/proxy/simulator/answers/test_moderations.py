from typing import Any

import pytest
from openai import AsyncOpenAI


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ("a sunny day", [False]),
        (["a sunny day", "I will kill the lights"], [False, True]),
        ([{"type": "text", "text": "murder"}], [True]),
    ],
)
async def test_violent_texts_are_flagged(client: AsyncOpenAI, given: Any, flags: list[bool]) -> None:
    answer = await client.moderations.create(input=given)
    assert [result.flagged for result in answer.results] == flags
    assert [result.categories.violence for result in answer.results] == flags
