import pytest
from openai import AsyncOpenAI, NotFoundError

CONTENT = bytes(range(256)) * 20


async def test_file_is_listed_read_and_deleted(client: AsyncOpenAI) -> None:
    made = await client.files.create(file=("data.bin", CONTENT), purpose="user_data")
    other = await client.files.create(file=("other.bin", b"x"), purpose="batch")
    assert (made.filename, made.bytes, made.purpose) == ("data.bin", len(CONTENT), "user_data")
    assert [each.id async for each in client.files.list()] == [other.id, made.id]
    assert [each.id async for each in client.files.list(purpose="batch")] == [other.id]
    assert (await client.files.retrieve(made.id)).filename == "data.bin"
    assert (await client.files.content(made.id)).content == CONTENT
    assert (await client.files.delete(made.id)).deleted
    with pytest.raises(NotFoundError):
        await client.files.content(made.id)


async def test_large_file_is_known_by_its_size_only(client: AsyncOpenAI) -> None:
    size = 9 * 1024 * 1024
    made = await client.files.create(file=("big.bin", b"x" * size), purpose="user_data")
    assert made.bytes == size
    with pytest.raises(NotFoundError, match="too large"):
        await client.files.content(made.id)


async def test_upload_in_parts_becomes_a_file(client: AsyncOpenAI) -> None:
    upload = await client.uploads.create(
        bytes=10, filename="p.txt", mime_type="text/plain", purpose="assistants"
    )
    parts = [await client.uploads.parts.create(upload.id, data=data) for data in (b"hello", b"world")]
    done = await client.uploads.complete(upload.id, part_ids=[part.id for part in parts])
    assert done.status == "completed" and done.file
    assert (await client.files.content(done.file.id)).content == b"helloworld"


async def test_upload_can_be_cancelled(client: AsyncOpenAI) -> None:
    upload = await client.uploads.create(
        bytes=10, filename="p.txt", mime_type="text/plain", purpose="assistants"
    )
    assert (await client.uploads.cancel(upload.id)).status == "cancelled"
    with pytest.raises(NotFoundError):
        await client.uploads.cancel("upload_unknown")
