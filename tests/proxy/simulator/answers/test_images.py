import base64

import pytest
from openai import AsyncOpenAI, BadRequestError

PNG = b"\x89PNG\r\n\x1a\n"


async def test_images_are_png_and_differ_by_prompt(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(model="gpt-image-1", prompt="a kite", n=2)
    pictures = [base64.b64decode(each.b64_json or "") for each in answer.data or []]
    assert len(set(pictures)) == 2 and all(picture.startswith(PNG) for picture in pictures)


async def test_image_may_be_a_url(client: AsyncOpenAI) -> None:
    answer = await client.images.generate(model="dall-e-3", prompt="a kite", response_format="url")
    assert answer.data and (answer.data[0].url or "").startswith("https://")


async def test_stream_shows_partial_images_first(client: AsyncOpenAI) -> None:
    stream = await client.images.generate(model="gpt-image-1", prompt="a kite", stream=True, partial_images=2)
    kinds = [event.type async for event in stream]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]


async def test_edit_sees_what_was_uploaded(client: AsyncOpenAI) -> None:
    files = [("a.png", PNG), ("b.png", PNG + b"xx")]
    answer = await client.images.edit(model="gpt-image-1", image=files, prompt="brighter")
    assert answer.data and "brighter (2 images, 18 bytes)" in (answer.data[0].revised_prompt or "")


async def test_edit_without_an_image_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError):
        await client.post(
            "/images/edits", body={"prompt": "x"}, files=[("mask", ("m.png", PNG))], cast_to=object
        )
