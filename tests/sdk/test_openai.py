from __future__ import annotations

import asyncio
import base64
import io
import time
import uuid
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from proxy.simulator import Simulator
from tests.running import Relay

# Endpoints that the SDK calls deprecated are still called.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

MODEL = "gpt-4o-mini"
PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 4000).decode()


def say(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
    for name in ("get_weather", "find_flights")
]


# Chat


def test_chat_is_answered(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=say("Where does the sun rise?"))
    assert "Where does the sun rise?" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage and answer.usage.total_tokens > 0


async def test_chat_is_answered_asynchronously(async_client: AsyncOpenAI) -> None:
    answer = await async_client.chat.completions.create(model=MODEL, messages=say("Anything new?"))
    assert "Anything new?" in (answer.choices[0].message.content or "")


def test_a_stream_has_no_chunk_without_choices_unless_asked(client: OpenAI) -> None:
    with client.chat.completions.create(model=MODEL, messages=say("Count"), stream=True) as stream:
        chunks = list(stream)
    assert all(chunk.choices for chunk in chunks)
    assert "Count" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_a_stream_asked_for_usage_ends_with_it(async_client: AsyncOpenAI) -> None:
    stream = await async_client.chat.completions.create(
        model=MODEL, messages=say("Count"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].choices == []
    assert chunks[-1].usage and chunks[-1].usage.total_tokens > 0


def test_the_first_chunk_comes_long_before_the_last(client: OpenAI) -> None:
    began = time.monotonic()
    text = "[[sim chunks=10 delay=60]]"
    with client.chat.completions.create(model=MODEL, messages=say(text), stream=True) as stream:
        next(iter(stream))
        first = time.monotonic() - began
        for _ in stream:
            pass
    assert first < (time.monotonic() - began) / 2


def test_tools_are_called_in_parallel_and_their_results_answered(client: OpenAI) -> None:
    asked = client.chat.completions.create(model=MODEL, messages=say("Basel or Lisbon?"), tools=TOOLS)
    calls = asked.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather", "find_flights"]  # type: ignore[union-attr]
    results: list[Any] = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in calls]
    history = [*say("Basel or Lisbon?"), asked.choices[0].message, *results]
    answered = client.chat.completions.create(model=MODEL, messages=history, tools=TOOLS)
    assert "sunny" in (answered.choices[0].message.content or "")


def test_streamed_tool_calls_come_together(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=say("Basel?"), tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [call.function.name for call in message.tool_calls or []] == ["get_weather", "find_flights"]
    assert all("city" in call.function.arguments for call in message.tool_calls or [])


def test_pictures_are_seen(client: OpenAI) -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    messages: Any = [{"role": "user", "content": content}]
    answer = client.chat.completions.create(model="gpt-4o", messages=messages)
    assert "with 1 image" in (answer.choices[0].message.content or "")


class Due(BaseModel):
    date: str
    is_certain: bool


def test_a_structured_answer_is_parsed(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=say("By 31 May"), response_format=Due)
    assert isinstance(answer.choices[0].message.parsed, Due)


async def test_a_structured_answer_is_parsed_from_a_stream(async_client: AsyncOpenAI) -> None:
    async with async_client.chat.completions.stream(
        model=MODEL, messages=say("By 31 May"), response_format=Due
    ) as stream:
        assert isinstance((await stream.get_final_completion()).choices[0].message.parsed, Due)


def test_several_choices_and_reasoning_stay_apart(client: OpenAI) -> None:
    text = "[[sim reasoning=5]] Think"
    with client.chat.completions.create(model=MODEL, messages=say(text), n=2, stream=True) as stream:
        chunks = list(stream)
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1}
    assert any(getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks)


def test_letters_of_any_script_survive_a_stream_in_slices(client: OpenAI) -> None:
    text = "[[sim split=11]] 你好，世界 🙂 naïve"
    whole = client.chat.completions.create(model=MODEL, messages=say(text)).choices[0].message.content
    with client.chat.completions.create(model=MODEL, messages=say(text), stream=True) as stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == whole


def test_stored_completions_are_listed_changed_and_deleted(client: OpenAI) -> None:
    made = client.chat.completions.create(model=MODEL, messages=say("Keep"), store=True, metadata={"a": "1"})
    assert client.chat.completions.retrieve(made.id).id == made.id
    assert made.id in [one.id for one in client.chat.completions.list(limit=100)]
    assert client.chat.completions.update(made.id, metadata={"a": "2"}).metadata == {"a": "2"}
    assert client.chat.completions.messages.list(made.id).data[0].content == "Keep"
    assert client.chat.completions.delete(made.id).deleted


# Other texts


def test_completions_are_answered_and_streamed(client: OpenAI) -> None:
    whole = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once upon")
    assert "Once upon" in whole.choices[0].text
    with client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once upon", stream=True) as stream:
        chunks = list(stream)
    assert all(chunk.choices for chunk in chunks)
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_responses_are_created_retrieved_listed_and_deleted(client: OpenAI) -> None:
    made = client.responses.create(model="gpt-5-mini", input="The green door")
    assert "The green door" in made.output_text
    assert client.responses.retrieve(made.id).output_text == made.output_text
    items = client.responses.input_items.list(made.id)
    assert items.data[0].content[0].text == "The green door"  # type: ignore[union-attr]
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


async def test_responses_are_streamed_with_numbered_events(async_client: AsyncOpenAI) -> None:
    async with async_client.responses.stream(model="gpt-5-mini", input="The red door") as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    numbers = [event.sequence_number for event in events if hasattr(event, "sequence_number")]
    assert numbers == sorted(numbers)
    assert "The red door" in final.output_text


def test_a_kept_response_is_streamed_again_from_the_middle(client: OpenAI) -> None:
    made = client.responses.create(model="gpt-5-mini", input="Again")
    with client.responses.retrieve(made.id, stream=True, starting_after=2) as stream:
        events = list(stream)
    assert events[0].sequence_number == 3  # type: ignore[union-attr]
    assert events[-1].type == "response.completed"


def test_a_response_in_the_background_is_cancelled(client: OpenAI) -> None:
    made = client.responses.create(model="gpt-5-mini", input="Slowly", background=True)
    assert client.responses.cancel(made.id).status == "cancelled"


def test_input_tokens_are_counted(client: OpenAI) -> None:
    counted = client.responses.input_tokens.count(model="gpt-5-mini", input="Some words")
    assert counted.input_tokens > 0


def test_a_conversation_is_kept(client: OpenAI) -> None:
    made = client.conversations.create(metadata={"topic": "doors"})
    assert client.conversations.retrieve(made.id).metadata == {"topic": "doors"}
    client.conversations.delete(made.id)


# Numbers, pictures, sounds, files


def test_embeddings_as_floats_and_as_base64_are_the_same(client: OpenAI) -> None:
    plain = client.embeddings.create(
        model="text-embedding-3-small", input=["a", "b"], encoding_format="float"
    )
    usual = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert [each.embedding for each in usual.data] == [
        pytest.approx(each.embedding, rel=1e-5) for each in plain.data
    ]


def test_models_are_listed_and_found_by_any_name(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    odd = [name for name in names if "/" in name or ":" in name]
    assert len(odd) >= 2
    for name in [*odd, names[0]]:
        assert client.models.retrieve(name).id == name


def test_a_model_can_be_deleted(client: OpenAI) -> None:
    assert client.models.delete("ft:gpt-4o-mini:acme::1").deleted


def test_pictures_are_made_edited_and_varied(client: OpenAI) -> None:
    made = client.images.generate(model="gpt-image-1", prompt="A door")
    assert made.data
    picture = base64.b64decode(made.data[0].b64_json or "")
    assert picture.startswith(b"\x89PNG")
    edited = client.images.edit(model="gpt-image-1", image=[picture, picture], prompt="Now green")
    assert edited.data and edited.data[0].b64_json
    varied = client.images.create_variation(image=picture, model="dall-e-2")
    assert varied.data


def test_a_picture_is_streamed_while_it_is_made(client: OpenAI) -> None:
    with client.images.generate(
        model="gpt-image-1", prompt="A door", stream=True, partial_images=2
    ) as stream:
        kinds = [event.type for event in stream]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]


def test_speech_comes_as_bytes(client: OpenAI) -> None:
    whole = client.audio.speech.create(model="tts-1", voice="alloy", input="Say it").read()
    assert len(whole) > 1000
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="Say it"
    ) as stream:
        assert b"".join(stream.iter_bytes()) == whole


def test_sound_is_transcribed_in_every_format(client: OpenAI) -> None:
    def sound() -> tuple[str, io.BytesIO]:
        return "speech.wav", io.BytesIO(b"RIFF" + b"\x00\xff" * 20_000)

    usual = client.audio.transcriptions.create(model="whisper-1", file=sound())
    assert usual.text
    for kind in ("text", "srt", "vtt"):
        assert client.audio.transcriptions.create(model="whisper-1", file=sound(), response_format=kind)  # type: ignore[call-overload]
    assert client.audio.translations.create(model="whisper-1", file=sound()).text
    with client.audio.transcriptions.create(model="gpt-4o-transcribe", file=sound(), stream=True) as stream:
        assert list(stream)[-1].type == "transcript.text.done"


def test_files_are_uploaded_listed_read_and_deleted(client: OpenAI) -> None:
    content = bytes(range(256)) * 1000
    made = client.files.create(file=("odd name é.bin", content), purpose="user_data")
    assert made.bytes == len(content)
    assert client.files.retrieve(made.id).id == made.id
    assert made.id in [one.id for one in client.files.list(limit=1000)]
    assert client.files.content(made.id).read() == content
    assert client.files.delete(made.id).deleted


def test_a_file_is_uploaded_in_parts(client: OpenAI) -> None:
    upload = client.uploads.create(bytes=6, filename="x.bin", mime_type="text/plain", purpose="batch")
    parts = [client.uploads.parts.create(upload.id, data=piece) for piece in (b"abc", b"def")]
    done = client.uploads.complete(upload.id, part_ids=[part.id for part in parts])
    assert done.file and client.files.content(done.file.id).read() == b"abcdef"


def test_moderation_needs_no_model(client: OpenAI) -> None:
    assert client.moderations.create(input="a sunny day").results[0].flagged is False


def test_a_batch_is_made_listed_and_cancelled(client: OpenAI) -> None:
    line = (
        b'{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}\n'
    )
    file = client.files.create(file=("in.jsonl", line), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert client.batches.retrieve(made.id).id == made.id
    assert made.id in [one.id for one in client.batches.list(limit=100)]
    assert client.batches.cancel(made.id).status in ("cancelling", "cancelled", "completed")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_path_nobody_knows_passes_with_any_method(client: OpenAI, method: str) -> None:
    given = {} if method in ("get", "delete") else {"body": {"a": [1, {"b": None}]}}
    echo: Any = getattr(client, method)("/future/thing?x=1&y=", cast_to=object, **given)
    assert echo["method"] == method.upper()
    assert echo["target"] == "/v1/future/thing?x=1&y="


# Errors


STATUSES = [
    (400, openai.BadRequestError, None),
    (403, openai.PermissionDeniedError, None),
    (404, openai.NotFoundError, "model_not_found"),
    (409, openai.ConflictError, None),
    (422, openai.UnprocessableEntityError, None),
    (429, openai.RateLimitError, "rate_limit_exceeded"),
    (500, openai.InternalServerError, "server_error"),
    (503, openai.InternalServerError, "overloaded"),
    (529, openai.InternalServerError, "overloaded"),
]


@pytest.mark.parametrize(("status", "kind", "code"), STATUSES)
def test_errors_of_the_provider_are_raised_as_themselves(
    client: OpenAI, status: int, kind: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=MODEL, messages=say(f"[[sim status={status}]]"))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.request_id and caught.value.request_id.startswith("req_")
    assert len(caught.value.response.headers["x-relay-request-id"]) == 36


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_key_is_an_authentication_error(relay_server: Relay, secret: str) -> None:
    with (
        OpenAI(base_url=relay_server.base_url, api_key=secret or "x", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.models.list()
    assert caught.value.code == "token_not_found"
    assert caught.value.request_id == caught.value.response.headers["x-relay-request-id"]


def test_bad_input_is_a_bad_request_with_words(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=[1], cast_to=object)
    assert caught.value.code == "missing_body"
    assert "JSON object" in caught.value.message


def test_a_wrong_method_is_405(client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.delete("/embeddings", cast_to=object)
    assert caught.value.status_code == 405
    assert caught.value.code == "method_not_allowed"
    assert caught.value.response.headers["allow"] == "OPTIONS, POST"


def test_retry_after_is_honoured(relay_server: Relay) -> None:
    url, key = relay_server.base_url, relay_server.key
    text = f"[[sim status=429 retry_after_ms=400 times=1 id={uuid.uuid4().hex}]]"
    began = time.monotonic()
    with OpenAI(base_url=url, api_key=key, max_retries=1) as patient:
        assert patient.chat.completions.create(model=MODEL, messages=say(text)).choices
    assert 0.4 <= time.monotonic() - began < 2


def test_an_error_that_cannot_pass_is_not_repeated(relay_server: Relay, simulator: Simulator) -> None:
    text = f"[[sim reset=before]] {uuid.uuid4().hex}"
    with (
        OpenAI(base_url=relay_server.base_url, api_key=relay_server.key, max_retries=1) as patient,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        patient.chat.completions.create(model=MODEL, messages=say(text))
    assert caught.value.code == "upstream_disconnected"
    assert sum(text.encode() in request.body for request in simulator.requests) == 2  # the SDK's choice


CUTS = ["cut=3", "reset=3", "eof=3"]


@pytest.mark.conformance("check", "errors")
@pytest.mark.parametrize("script", CUTS)
def test_a_cut_stream_raises(client: OpenAI, script: str) -> None:
    text = f"[[sim {script}]] Cut"
    with client.chat.completions.create(model=MODEL, messages=say(text), stream=True) as stream:
        chunks = iter(stream)
        assert next(chunks).choices
        with pytest.raises(openai.APIError, match="broke off") as caught:
            for _ in chunks:
                pass
    assert caught.value.code == "upstream_truncated"


@pytest.mark.conformance("check", "errors")
def test_a_cut_stream_of_completions_raises(client: OpenAI) -> None:
    with (
        client.completions.create(model="m", prompt="[[sim cut=3]]", stream=True) as stream,
        pytest.raises(openai.APIError, match="broke off"),
    ):
        list(stream)


@pytest.mark.conformance("check", "errors")
def test_a_cut_stream_of_responses_raises(client: OpenAI) -> None:
    with (
        client.responses.create(model="gpt-5-mini", input="[[sim cut=3]]", stream=True) as stream,
        pytest.raises(openai.APIError, match="broke off"),
    ):
        list(stream)


def test_a_cut_answer_that_is_not_a_stream_raises(client: OpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=MODEL, messages=say("[[sim cut=40]]"))


@pytest.mark.conformance("check", "isolation")
async def test_a_hundred_streams_never_mix(
    async_client: AsyncOpenAI, record_property: Callable[[str, object], None]
) -> None:
    async def one(number: int) -> None:
        text = f"[[sim chunks=30 delay=10]] call-{number:03d}"
        stream = await async_client.chat.completions.create(model=MODEL, messages=say(text), stream=True)
        said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert f"call-{number:03d}" in said
        assert said.count("call-") == 1

    await asyncio.gather(*(one(number) for number in range(100)))
    record_property("figure", "100 streams at the same time")


@pytest.mark.conformance("guarantee", 4)
async def test_leaving_a_stream_stops_the_provider(async_client: AsyncOpenAI, simulator: Simulator) -> None:
    mark = uuid.uuid4().hex
    text = f"[[sim chunks=1000 delay=10]] {mark}"
    stream = await async_client.chat.completions.create(model=MODEL, messages=say(text), stream=True)
    async for _ in stream:
        break
    await stream.close()
    left = time.monotonic()
    (request,) = [request for request in simulator.requests if mark.encode() in request.body]
    while not request.aborted:
        assert time.monotonic() - left < 2
        await asyncio.sleep(0.01)
    assert request.aborted_at is not None and request.aborted_at - left < 1
