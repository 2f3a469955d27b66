import math

import pytest
from openai import AsyncOpenAI


async def test_vector_has_length_one_and_belongs_to_its_text(client: AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="text-embedding-3-small", input=["a", "b", "a"])
    first, second, third = (each.embedding for each in answer.data)
    assert len(first) == 1536 and math.isclose(math.hypot(*first), 1, rel_tol=1e-4)
    assert first == third != second


async def test_floats_and_base64_are_the_same_numbers(client: AsyncOpenAI) -> None:
    plain = await client.embeddings.create(model="m", input="a", dimensions=16, encoding_format="float")
    packed = await client.post(
        "/embeddings",
        body={"model": "m", "input": "a", "dimensions": 16, "encoding_format": "base64"},
        cast_to=object,
    )
    usual = await client.embeddings.create(model="m", input="a", dimensions=16)
    assert isinstance(packed["data"][0]["embedding"], str)  # type: ignore[index]
    assert usual.data[0].embedding == pytest.approx(plain.data[0].embedding)


@pytest.mark.parametrize(("given", "number"), [([1, 2, 3], 1), ([[1], [2]], 2)])
async def test_tokens_are_embedded_too(client: AsyncOpenAI, given, number: int) -> None:
    assert len((await client.embeddings.create(model="m", input=given)).data) == number
