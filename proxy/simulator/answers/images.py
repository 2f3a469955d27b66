"""POST /images/generations, /images/edits, /images/variations."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import orjson

from proxy.simulator import words
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.replies import DONE, Answer, Event, json_answer, stream_answer

PIXELS = 64


def generate(call: Call) -> Answer:
    prompt = str(call.need("prompt"))
    wish = call.json
    if wish.get("stream"):
        partial = int(wish.get("partial_images") or 0)
        return stream_answer(_events(call, prompt, partial), "responses", partial)
    return _answer(call, prompt, int(wish.get("n") or 1), wish.get("response_format"))


def edit(call: Call) -> Answer:
    if call.head.fields.get("content-type", "").startswith("application/json"):
        return generate(call)
    form = call.form
    images = [each for each in form.files if each.name in ("image", "image[]")]
    if not images:
        raise Refusal(400, "Missing required parameter: 'image'.", param="image")
    prompt = f"{form.get('prompt')} ({len(images)} images, {sum(len(each.content) for each in images)} bytes)"
    return _answer(call, prompt, int(form.get("n") or 1), form.get("response_format"))


def _answer(call: Call, prompt: str, number: int, response_format: str | None) -> Answer:
    data = [_image(f"{prompt} {i}", response_format) for i in range(number)]
    return json_answer({"created": call.now, "data": data, "usage": _usage(prompt, number)})


def _image(prompt: str, response_format: str | None) -> dict[str, Any]:
    if response_format == "url":
        return {
            "url": f"https://images.invalid/{zlib.crc32(prompt.encode()):08x}.png",
            "revised_prompt": prompt,
        }
    return {"b64_json": picture(prompt), "revised_prompt": prompt}


def _usage(prompt: str, number: int) -> dict[str, Any]:
    text_tokens = words.count(prompt)
    return {
        "input_tokens": text_tokens,
        "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": 0},
        "output_tokens": 272 * number,
        "total_tokens": text_tokens + 272 * number,
    }


def _events(call: Call, prompt: str, partial: int) -> Iterator[Event]:
    for index in range(partial):
        seen = {"b64_json": picture(f"{prompt} {index}"), "partial_image_index": index}
        yield _event("image_generation.partial_image", 1, seen | {"created_at": call.now})
    whole = {"b64_json": picture(prompt), "created_at": call.now, "usage": _usage(prompt, 1)}
    yield _event("image_generation.completed", DONE, whole)


def _event(kind: str, stage: int, fields: dict[str, Any]) -> Event:
    return Event(orjson.dumps({"type": kind} | fields), stage, kind.encode())


def picture(prompt: str) -> str:
    """A small PNG in one colour, chosen by the prompt, as base64."""
    seed = zlib.crc32(prompt.encode())
    row = b"\0" + bytes(((seed >> 16) & 255, (seed >> 8) & 255, seed & 255)) * PIXELS
    header = struct.pack(">IIBBBBB", PIXELS, PIXELS, 8, 2, 0, 0, 0)
    blocks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * PIXELS)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_block(kind, data) for kind, data in blocks)
    return base64.b64encode(png).decode()


def _block(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
