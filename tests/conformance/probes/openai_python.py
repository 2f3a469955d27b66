"""The openai SDK for Python, any version since 1.0. Runs alone: `python openai_python.py`."""

from __future__ import annotations

import base64
import io
import os
import sys
from typing import Any

import openai

if __package__:
    from tests.conformance.probes.asking import Questions, heard, true
else:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from asking import Questions, heard, true

QUESTIONS = Questions()
ask = QUESTIONS.about
MODEL = "gpt-4o-mini"
WORDS = "Which way is Basel?"
SAID: Any = [{"role": "user", "content": WORDS}]
PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 400).decode()
SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}


def connect(url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=20)


@ask("chat/completions", "whole")
def _chat(client: Any) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=SAID)
    heard(answer.choices[0].message.content, WORDS)
    true(answer.usage.total_tokens > 0, "no usage")


@ask("chat/completions", "stream")
def _chat_streamed(client: Any) -> None:
    chunks = list(client.chat.completions.create(model=MODEL, messages=SAID, stream=True))
    heard("".join(chunk.choices[0].delta.content or "" for chunk in chunks), WORDS)
    true(chunks[-1].choices[0].finish_reason == "stop", "it did not end with stop")


@ask("chat/completions, tools", "whole")
def _tools(client: Any) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=SAID, tools=[TOOL])
    true(answer.choices[0].message.tool_calls[0].function.name == "get_weather", "no tool was called")


@ask("chat/completions, tools", "stream")
def _tools_streamed(client: Any) -> None:
    stream = client.chat.completions.create(model=MODEL, messages=SAID, tools=[TOOL], stream=True)
    calls = [call for chunk in stream for choice in chunk.choices for call in choice.delta.tool_calls or []]
    true(calls[0].function.name == "get_weather", "no tool was called")


@ask("chat/completions, vision", "whole")
def _vision(client: Any) -> None:
    content = [{"type": "text", "text": WORDS}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    heard(answer.choices[0].message.content, WORDS)


@ask("completions", "whole")
def _completions(client: Any) -> None:
    answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=WORDS)
    heard(answer.choices[0].text, WORDS)


@ask("completions", "stream")
def _completions_streamed(client: Any) -> None:
    stream = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=WORDS, stream=True)
    heard("".join(chunk.choices[0].text for chunk in stream if chunk.choices), WORDS)


@ask("responses", "whole")
def _responses(client: Any) -> None:
    answer = client.responses.create(model=MODEL, input=WORDS)
    heard(answer.output_text, WORDS)
    true(client.responses.retrieve(answer.id).id == answer.id, "it was not found again")


@ask("responses", "stream")
def _responses_streamed(client: Any) -> None:
    events = list(client.responses.create(model=MODEL, input=WORDS, stream=True))
    heard("".join(event.delta for event in events if event.type == "response.output_text.delta"), WORDS)
    true(events[-1].type == "response.completed", "it did not end with response.completed")


@ask("embeddings", "whole")
def _embeddings(client: Any) -> None:
    answer = client.embeddings.create(model="text-embedding-3-small", input=[WORDS, "and back"])
    true(len(answer.data) == 2 and len(answer.data[0].embedding) > 10, "not two vectors")


@ask("models", "whole")
def _models(client: Any) -> None:
    true(MODEL in [model.id for model in client.models.list()], f"{MODEL} is not listed")


@ask("moderations", "whole")
def _moderations(client: Any) -> None:
    true(client.moderations.create(input=WORDS).results, "no result")


@ask("images/generations", "whole")
def _images(client: Any) -> None:
    true(client.images.generate(model="gpt-image-1", prompt=WORDS).data, "no picture")


@ask("images/generations", "stream")
def _images_streamed(client: Any) -> None:
    stream = client.images.generate(model="gpt-image-1", prompt=WORDS, stream=True, partial_images=2)
    true(list(stream)[-1].type == "image_generation.completed", "no whole picture")


@ask("audio/speech", "whole")
def _speech(client: Any) -> None:
    true(client.audio.speech.create(model="tts-1", voice="alloy", input=WORDS).read(), "no sound")


@ask("audio/speech", "stream")
def _speech_streamed(client: Any) -> None:
    speech = client.audio.speech.with_streaming_response
    with speech.create(model="tts-1", voice="alloy", input=WORDS) as answer:
        true(b"".join(answer.iter_bytes(1024)), "no sound")


@ask("audio/transcriptions", "whole")
def _transcriptions(client: Any) -> None:
    true(
        client.audio.transcriptions.create(model="whisper-1", file=_file("a.wav", b"RIFF" * 99)).text,
        "no text",
    )


@ask("audio/transcriptions", "stream")
def _transcriptions_streamed(client: Any) -> None:
    file = _file("a.wav", b"RIFF" * 99)
    stream = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=file, stream=True)
    true(list(stream)[-1].type == "transcript.text.done", "it did not end")


@ask("files", "whole")
def _files(client: Any) -> None:
    made = client.files.create(file=_file("a.jsonl", b"{}\n"), purpose="batch")
    true(made.id in [file.id for file in client.files.list()], "it is not listed")
    true(client.files.content(made.id).read() == b"{}\n", "its bytes are others")
    true(client.files.delete(made.id).deleted, "it was not deleted")


@ask("batches", "whole")
def _batches(client: Any) -> None:
    file = client.files.create(file=_file("a.jsonl", b"{}\n"), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    true(client.batches.retrieve(made.id).id == made.id, "it was not found again")


@ask("errors", "whole")
def _errors(client: Any) -> None:
    try:
        client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "[[sim status=429]]"}]
        )
    except openai.RateLimitError:
        return
    raise ValueError("a 429 of the provider was not raised as RateLimitError")


@ask("errors", "stream")
def _errors_streamed(client: Any) -> None:
    cut: Any = [{"role": "user", "content": "[[sim cut=3]] " + WORDS}]
    try:
        list(client.chat.completions.create(model=MODEL, messages=cut, stream=True))
    except openai.OpenAIError:
        return
    raise ValueError("a stream that broke off ended as if it were whole")


def _file(name: str, content: bytes) -> Any:
    file = io.BytesIO(content)
    file.name = name
    return file


if __name__ == "__main__":
    QUESTIONS.main(connect)
