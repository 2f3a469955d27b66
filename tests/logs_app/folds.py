"""Short ways to say what a provider sent."""

import json
from typing import Any

from logs_app import folding

CHAT, COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
MESSAGES = "/v1/messages"
DONE = "[DONE]"


def sse(*events: Any, end: bytes = b"\n") -> bytes:
    """Each event is an object or a string for `data:`; with a `type` it also gets an `event:` line."""
    lines: list[bytes] = []
    for event in events:
        if isinstance(event, dict) and "type" in event:
            lines.append(b"event: " + event["type"].encode())
        data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        lines += [b"data: " + data.encode("utf-8", "surrogatepass"), b""]
    return end.join(lines) + end


def fold(path: str, *parts: bytes, status: int = 200, content_type: str = "text/event-stream", stream=True):
    folder = folding.start(path, status, content_type, stream)
    for part in parts:
        folder.feed(part)
    return folder.finish()


def chunk(delta: Any = None, *, index: int = 0, **more: Any) -> dict[str, Any]:
    """A chat completion chunk with one choice; `more` are keys of the chunk, finish_reason of the choice."""
    choice = {"index": index, "delta": delta, "finish_reason": more.pop("finish_reason", None)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o",
        "choices": [choice],
        **more,
    }


def chat(*events: Any) -> folding.Folded:
    return fold(CHAT, sse(*events))


def message(*deltas: Any) -> dict[str, Any]:
    """The message of the only choice after these deltas."""
    return chat(*map(chunk, deltas), DONE).body["choices"][0]["message"]
