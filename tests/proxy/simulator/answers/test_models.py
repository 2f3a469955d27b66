import pytest
from openai import AsyncOpenAI, NotFoundError


async def test_models_are_listed_and_found_by_any_id(client: AsyncOpenAI) -> None:
    ids = [model.id async for model in client.models.list()]
    assert any("/" in each for each in ids) and any(":" in each for each in ids)
    assert [(await client.models.retrieve(each)).id for each in ids] == ids


async def test_unknown_model_is_not_found(client: AsyncOpenAI) -> None:
    with pytest.raises(NotFoundError):
        await client.models.retrieve("gpt-0")


async def test_model_can_be_deleted(client: AsyncOpenAI) -> None:
    assert (await client.models.delete("ft:gpt-4o-mini:acme::a1b2c3")).deleted
