"""The requests of the benchmark. Each carries a tag of its own, which its answer has to repeat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

TAG_BYTES = 10
TAG_PLACE = b"@" * TAG_BYTES
SYSTEM = "You are a helpful assistant. Answer briefly and cite your sources."
TEXT = (
    "the house stands by the river and the people who live in it go down to the water every morning before "
    "the sun is up because the fish are there and the market opens early "
)
# Pieces of the simulated answer that make it 1.5 KB as JSON.
ANSWER_PIECES = 176


@dataclass(frozen=True, slots=True)
class Body:
    before: bytes
    after: bytes
    chunks: int
    """Parts of the answer; a stream has to bring exactly so many events with content."""
    is_stream: bool

    def __len__(self) -> int:
        return len(self.before) + TAG_BYTES + len(self.after)

    def tagged(self, tag: bytes) -> bytes:
        return self.before + tag + self.after


def tag(number: int) -> bytes:
    return b"rq%08x" % (number & 0xFFFF_FFFF)


def chat(script: str = "") -> Body:
    """1 KB, answered by 1.5 KB; or whatever the script makes of it (docs/simulator.md)."""
    return _body(f"[[sim chunks={ANSWER_PIECES} {script}]]", ANSWER_PIECES, text_bytes=765)


def stream(chunks: int, delay_ms: int, script: str = "") -> Body:
    marker = f"[[sim chunks={chunks} delay={delay_ms} {script}]]"
    return _body(marker, chunks, text_bytes=765, is_stream=True)


def image(size: int) -> Body:
    """A chat with a picture of so many bytes as base64."""
    picture = "iVBORw0KGgo" + "A" * (size - 11)
    parts = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}]
    return _body(f"[[sim chunks={ANSWER_PIECES}]]", ANSWER_PIECES, text_bytes=80, parts=parts)


def _body(
    marker: str, chunks: int, *, text_bytes: int, is_stream: bool = False, parts: Sequence[object] = ()
) -> Body:
    text = f"{TAG_PLACE.decode()} {(TEXT * 10)[:text_bytes]}"
    content: object = [{"type": "text", "text": text}, *parts] if parts else text
    request = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": f"{SYSTEM} {marker}"},
            {"role": "user", "content": content},
        ],
        "temperature": 0.7,
        "max_tokens": 1024,
        "user": "bench",
    }
    if is_stream:
        request["stream"] = True
    before, _, after = json.dumps(request).encode().partition(TAG_PLACE)
    return Body(before, after, chunks, is_stream)


BODIES = {
    "chat": chat(),
    "image": image(1_000_000),
    "stream": stream(50, 20),
    "stream_fast": stream(500, 0),
}
