from typing import Any

import pytest
from openai import AsyncOpenAI, NotFoundError

SAID: list[Any] = [{"type": "message", "role": "user", "content": "hello"}]


async def test_conversation_is_filled_read_changed_and_deleted(client: AsyncOpenAI) -> None:
    made = await client.conversations.create(metadata={"a": "1"}, items=SAID)
    added = await client.conversations.items.create(made.id, items=SAID)
    assert len(added.data) == 1
    assert len([item async for item in client.conversations.items.list(made.id)]) == 2
    assert (await client.conversations.retrieve(made.id)).metadata == {"a": "1"}
    assert (await client.conversations.update(made.id, metadata={"a": "2"})).metadata == {"a": "2"}
    assert (await client.conversations.delete(made.id)).deleted
    with pytest.raises(NotFoundError):
        await client.conversations.retrieve(made.id)
