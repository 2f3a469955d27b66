"""POST /audio/speech, /audio/transcriptions, /audio/translations."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from proxy.simulator import words
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.replies import CHUNK, DONE, Answer, Event, json_answer, stream_answer

SOUND_TYPES = {"mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac"}
SOUND_TYPES |= {"wav": "audio/wav", "pcm": "audio/pcm"}
FRAME_BYTES = 418
FRAMES_PER_WORD = 12
PART_FRAMES = 10


def speak(call: Call) -> Answer:
    _ = call.model
    text = str(call.need("input"))
    sound = list(_sound(text))
    if call.json.get("stream_format") == "sse":
        return stream_answer(_sound_events(text, sound), "responses", len(sound))
    content_type = SOUND_TYPES.get(call.json.get("response_format") or "mp3", "audio/mpeg")
    events = (Event(part) for part in sound)
    return Answer(content_type=content_type, events=events, dialect="binary", chunk_count=len(sound))


def _sound(text: str) -> Iterator[bytes]:
    """What looks like MP3 frames; every byte value occurs, as in real sound."""
    frames = FRAMES_PER_WORD * max(1, len(words.tokens(text)))
    noise = hashlib.shake_128(text.encode()).digest(FRAME_BYTES - 4)
    for start in range(0, frames, PART_FRAMES):
        yield (b"\xff\xfb\x90\x64" + noise) * min(PART_FRAMES, frames - start)


def _sound_events(text: str, sound: list[bytes]) -> Iterator[Event]:
    for part in sound:
        delta = {"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()}
        yield Event(orjson.dumps(delta), CHUNK, b"speech.audio.delta")
    tokens = words.count(text)
    usage = {"input_tokens": tokens, "output_tokens": 4 * tokens, "total_tokens": 5 * tokens}
    yield Event(orjson.dumps({"type": "speech.audio.done", "usage": usage}), DONE, b"speech.audio.done")


def transcribe(call: Call) -> Answer:
    form = call.form
    if not form.files:
        raise Refusal(400, "Missing required parameter: 'file'.", param="file")
    heard = form.files[0]
    size = len(heard.content) + call.body.size - len(call.content)
    pieces = words.answer(f"{heard.filename}, {size} bytes", call.script.chunks)
    text = "".join(pieces)
    usage = _usage(size, text)
    if form.get("stream") == "true":
        return stream_answer(_text_events(pieces, text, usage), "responses", len(pieces))
    return _written(text, form.get("response_format", "json"), usage)


def _usage(size: int, text: str) -> dict[str, Any]:
    heard, said = max(1, size // 1600), words.count(text)
    details = {"text_tokens": 0, "audio_tokens": heard}
    return {
        "type": "tokens",
        "input_tokens": heard,
        "input_token_details": details,
        "output_tokens": said,
        "total_tokens": heard + said,
    }


def _text_events(pieces: tuple[str, ...], text: str, usage: dict[str, Any]) -> Iterator[Event]:
    for piece in pieces:
        delta = {"type": "transcript.text.delta", "delta": piece}
        yield Event(orjson.dumps(delta), CHUNK, b"transcript.text.delta")
    done = {"type": "transcript.text.done", "text": text, "usage": usage}
    yield Event(orjson.dumps(done), DONE, b"transcript.text.done")


def _written(text: str, response_format: str, usage: dict[str, Any]) -> Answer:
    if response_format == "text":
        return Answer(f"{text}\n".encode(), content_type="text/plain; charset=utf-8")
    if response_format == "srt":
        return Answer(
            f"1\n00:00:00,000 --> 00:00:04,200\n{text}\n\n".encode(), content_type="text/plain; charset=utf-8"
        )
    if response_format == "vtt":
        cue = f"WEBVTT\n\n00:00:00.000 --> 00:00:04.200\n{text}\n\n"
        return Answer(cue.encode(), content_type="text/vtt; charset=utf-8")
    if response_format == "verbose_json":
        segment = {
            "id": 0,
            "seek": 0,
            "start": 0.0,
            "end": 4.2,
            "text": text,
            "tokens": [],
            "temperature": 0.0,
        }
        segment |= {"avg_logprob": -0.3, "compression_ratio": 1.2, "no_speech_prob": 0.01}
        whole = {
            "task": "transcribe",
            "language": "english",
            "duration": 4.2,
            "text": text,
            "segments": [segment],
        }
        return json_answer(whole | {"usage": {"type": "duration", "seconds": 5}})
    return json_answer({"text": text, "usage": usage})
