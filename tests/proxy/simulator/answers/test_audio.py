from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

SOUND = ("talk.mp3", b"\xff\xfb" * 2000)


async def test_speech_is_binary_and_grows_with_the_text(client: AsyncOpenAI) -> None:
    short = (await client.audio.speech.create(model="tts-1", voice="alloy", input="hi")).content
    long = (
        await client.audio.speech.create(model="tts-1", voice="alloy", input="hi there, my friend")
    ).content
    assert short.startswith(b"\xff\xfb") and len(long) > len(short) > 1000


async def test_speech_comes_in_parts_with_its_type(client: AsyncOpenAI) -> None:
    speech = client.audio.speech.with_streaming_response
    async with speech.create(
        model="tts-1", voice="alloy", input="one two three", response_format="wav"
    ) as answer:
        parts = [part async for part in answer.iter_bytes()]
    assert answer.headers["content-type"] == "audio/wav" and "content-length" not in answer.headers
    assert sum(map(len, parts)) > 10_000


async def test_speech_may_be_events(client: AsyncOpenAI) -> None:
    speech = client.audio.speech.with_streaming_response
    async with speech.create(model="tts-1", voice="alloy", input="hi", stream_format="sse") as answer:
        text = await answer.text()
    assert text.count("event: speech.audio.delta") >= 1 and "event: speech.audio.done" in text


@pytest.mark.parametrize("wanted", ["text", "srt", "vtt"])
async def test_transcript_may_be_text(client: AsyncOpenAI, wanted: Any) -> None:
    text = await client.audio.transcriptions.create(model="whisper-1", file=SOUND, response_format=wanted)
    assert "talk.mp3, 4000 bytes" in str(text)


@pytest.mark.parametrize("wanted", ["json", "verbose_json"])
async def test_transcript_may_be_json(client: AsyncOpenAI, wanted: Any) -> None:
    transcript = await client.audio.transcriptions.create(
        model="whisper-1", file=SOUND, response_format=wanted
    )
    assert "talk.mp3, 4000 bytes" in transcript.text


async def test_streamed_transcript_adds_up(client: AsyncOpenAI) -> None:
    stream = await client.audio.transcriptions.create(model="gpt-4o-transcribe", file=SOUND, stream=True)
    events = [event async for event in stream]
    deltas = "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert events[-1].type == "transcript.text.done" and events[-1].text == deltas


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the SDK's own
async def test_translation_is_answered(client: AsyncOpenAI) -> None:
    assert "talk.mp3" in (await client.audio.translations.create(model="whisper-1", file=SOUND)).text


async def test_request_without_sound_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError):
        await client.post("/audio/transcriptions", body={"model": "whisper-1"}, cast_to=object)
