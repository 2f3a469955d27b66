"""Streams of events: written anew from the object that was put together from them.

A secret may be spread over many events, so a stream that has one keeps only what its object says, in as few
events as its protocol allows. The terminal event stands there only if it stood there before: half an answer
never looks whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logs_app.folding import sse
from logs_app.folding.sse import DONE
from logs_app.jsontext import dumps, loads

from .redactor import Redactor

Event = tuple[str, Any]  # name or "", and its JSON or the bytes that are none
Json = dict[str, Any]
ENDING = ("stop_reason", "stop_sequence")
TERMINAL = frozenset({"completed", "incomplete", "failed", "cancelled"})


class Split(Exception):
    """A secret is spread over events that nobody can put together."""


def rebuilt(redactor: Redactor, kind: str, body: Json, raw: bytes) -> bytes:
    """The bytes of a stream that says what `body` says; errors of the old one are kept, redacted."""
    old = list(events(raw))
    is_whole = any(_ends_message(event) for event in old)
    written: list[Event] = [*WRITERS.get(kind, _object)(body, is_whole)]
    written += [(name, redactor.body(data)[0]) for name, data in old if _is_error(name, data)]
    if any(data == DONE for _, data in old):
        written.append(("", DONE))
    return b"".join(map(_bytes, written))


def redacted(redactor: Redactor, raw: bytes) -> bytes:
    """Event by event, for a stream without an object. Raises Split."""
    old = list(events(raw))
    new = [(name, _redacted_data(redactor, data)) for name, data in old]
    joined: dict[str, list[str]] = {}
    for _, data in new:
        for place, text in _texts(data, ""):
            joined.setdefault(place, []).append(text)
    if any(redactor.spans("".join(texts)) for texts in joined.values()):
        raise Split
    is_same = all(one[1] is other[1] for one, other in zip(old, new, strict=True))
    has_more = redactor.spans(
        raw.decode("utf-8", "surrogateescape")
    )  # in a comment, in a field of no meaning
    return raw if is_same and not has_more else b"".join(map(_bytes, new))


def events(raw: bytes) -> Iterator[Event]:
    for name, payload in sse.events(raw):
        yield name, _parsed(payload)


def _parsed(payload: bytes) -> Any:
    if payload.startswith(DONE):
        return DONE
    try:
        return loads(payload)
    except ValueError:
        return payload


def _redacted_data(redactor: Redactor, data: Any) -> Any:
    if type(data) is not bytes:
        return redactor.body(data)[0]
    text = data.decode("utf-8", "surrogateescape")
    changed = redactor.text(text)
    return data if changed is text else changed.encode("utf-8", "surrogateescape")


def _texts(value: Any, place: str, depth: int = 12) -> Iterator[tuple[str, str]]:
    """Every text with its place in the event; the same places of all events belong together."""
    if type(value) is bytes:
        value = value.decode("utf-8", "surrogateescape")
    if type(value) is str:
        yield place, value
    elif type(value) is dict and depth:
        for name, member in value.items():
            yield from _texts(member, f"{place}.{name}", depth - 1)
    elif type(value) is list and depth:
        for item in value:
            yield from _texts(item, f"{place}[]", depth - 1)


def _bytes(event: Event) -> bytes:
    name, data = event
    payload = data if type(data) is bytes else dumps(data)
    lines = b"".join(b"data: " + line + b"\n" for line in payload.split(b"\n"))
    return (f"event: {name}\n".encode() if name else b"") + lines + b"\n"


def _is_error(name: str, data: Any) -> bool:
    return type(data) is dict and bool(name == "error" or data.get("type") == "error" or data.get("error"))


def _ends_message(event: Event) -> bool:
    name, data = event
    return name == "message_stop" or (type(data) is dict and data.get("type") == "message_stop")


# One writer for each kind of object: what its protocol makes of it, in the fewest events.


def _chat(body: Json, is_whole: bool) -> Iterator[Event]:
    top = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    chunk = top | {"object": "chat.completion.chunk"}
    for choice in body.get("choices") or []:
        rest = {name: value for name, value in choice.items() if name != "message"}
        yield "", chunk | {"choices": [rest | {"delta": _delta(choice.get("message"))}]}
    if body.get("usage") or not body.get("choices"):
        yield "", chunk | {"choices": [], "usage": body.get("usage")}


def _delta(message: Any) -> Any:
    calls = message.get("tool_calls") if type(message) is dict else None
    if type(calls) is not list:
        return message
    return message | {"tool_calls": [{"index": place} | call for place, call in enumerate(calls)]}


def _completion(body: Json, is_whole: bool) -> Iterator[Event]:
    for choice in body.get("choices") or [{}]:
        yield "", body | {"choices": [choice] if choice else []}


def _message(body: Json, is_whole: bool) -> Iterator[Event]:
    start = body | {"content": []} | {name: None for name in ENDING if name in body}
    yield "message_start", {"type": "message_start", "message": start}
    for place, block in enumerate(body.get("content") or []):
        yield (
            "content_block_start",
            {"type": "content_block_start", "index": place, "content_block": block},
        )
        yield "content_block_stop", {"type": "content_block_stop", "index": place}
    ending = {name: body[name] for name in ENDING if name in body}
    if any(ending.values()):
        yield "message_delta", {"type": "message_delta", "delta": ending, "usage": body.get("usage")}
    if is_whole:
        yield "message_stop", {"type": "message_stop"}


def _response(body: Json, is_whole: bool) -> Iterator[Event]:
    status = body.get("status")
    name = f"response.{status if status in TERMINAL else 'in_progress'}"
    yield name, {"type": name, "response": body}


def _image(body: Json, is_whole: bool) -> Iterator[Event]:
    common = {name: value for name, value in body.items() if name != "data"}
    common["created_at"] = common.pop("created", None)
    for image in body.get("data") or []:
        yield "", {"type": "image_generation.completed"} | common | image


def _object(body: Json, is_whole: bool) -> Iterator[Event]:
    yield "", body


WRITERS = {
    "chat": _chat,
    "completion": _completion,
    "message": _message,
    "response": _response,
    "image": _image,
}
