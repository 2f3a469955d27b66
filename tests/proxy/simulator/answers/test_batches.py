import asyncio
import json

from openai import AsyncOpenAI

LINES = b"\n".join(json.dumps({"custom_id": f"line-{i}", "method": "POST"}).encode() for i in range(3))


async def test_batch_completes_with_an_answer_for_each_line(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=("in.jsonl", LINES), purpose="batch")
    batch = await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    seen = [batch.status]
    while seen[-1] != "completed":
        await asyncio.sleep(0.1)
        batch = await client.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert list(dict.fromkeys(seen)) == ["validating", "in_progress", "completed"]
    output = (await client.files.content(batch.output_file_id or "")).text.splitlines()
    assert [json.loads(line)["custom_id"] for line in output] == ["line-0", "line-1", "line-2"]
    assert [each.id async for each in client.batches.list()] == [batch.id]


async def test_batch_can_be_cancelled(client: AsyncOpenAI) -> None:
    batch = await client.batches.create(
        input_file_id="file-none", endpoint="/v1/embeddings", completion_window="24h"
    )
    assert (await client.batches.cancel(batch.id)).status == "cancelled"
    assert (await client.batches.retrieve(batch.id)).status == "cancelled"
