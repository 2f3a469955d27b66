"""The stream of a response: every event OpenAI sends for its items, numbered from 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from proxy.simulator.replies import CHUNK, DONE, HEAD, TAIL, Event
from proxy.simulator.turns import Turn

Told = tuple[str, int, dict[str, Any]]
"""Event type, stage of the stream, the event's own fields."""


def tell(response: dict[str, Any], turn: Turn, after: int = -1) -> Iterator[Event]:
    """The numbered events behind number `after`."""
    for number, (kind, stage, fields) in enumerate(_story(response, turn)):
        if number > after:
            value = {"type": kind, "sequence_number": number} | fields
            yield Event(orjson.dumps(value), stage, kind.encode())


def _story(response: dict[str, Any], turn: Turn) -> Iterator[Told]:
    unfinished = response | {"status": "in_progress", "output": [], "usage": None, "completed_at": None}
    if response["background"]:
        queued = unfinished | {"status": "queued"}
        yield "response.created", HEAD, {"response": queued}
        yield "response.queued", HEAD, {"response": queued}
    else:
        yield "response.created", HEAD, {"response": unfinished}
    yield "response.in_progress", HEAD, {"response": unfinished}
    fragments = iter([call.fragments for call in turn.calls])
    for index, item in enumerate(response["output"]):
        if item["type"] == "reasoning":
            yield from _reasoning(item, index, turn.reasoning)
        elif item["type"] == "function_call":
            yield from _function_call(item, index, next(fragments))
        else:
            yield from _message(item, index, turn)
    yield f"response.{response['status']}", DONE, {"response": response}


def _message(item: dict[str, Any], index: int, turn: Turn) -> Iterator[Told]:
    part = item["content"][0]
    where = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield _added(item, index, {"status": "in_progress", "content": []})
    if part["type"] == "refusal":
        yield "response.content_part.added", HEAD, where | {"part": part | {"refusal": ""}}
        yield from _deltas("response.refusal.delta", where, turn.pieces)
        yield "response.refusal.done", TAIL, where | {"refusal": part["refusal"]}
    else:
        yield "response.content_part.added", HEAD, where | {"part": part | {"text": ""}}
        yield from _deltas("response.output_text.delta", where | {"logprobs": []}, turn.pieces)
        yield "response.output_text.done", TAIL, where | {"logprobs": [], "text": part["text"]}
    yield "response.content_part.done", TAIL, where | {"part": part}
    yield "response.output_item.done", TAIL, {"output_index": index, "item": item}


def _function_call(item: dict[str, Any], index: int, fragments: Iterable[str]) -> Iterator[Told]:
    where = {"item_id": item["id"], "output_index": index}
    yield _added(item, index, {"status": "in_progress", "arguments": ""})
    yield from _deltas("response.function_call_arguments.delta", where, fragments)
    whole = {"arguments": item["arguments"], "name": item["name"]}
    yield "response.function_call_arguments.done", HEAD, where | whole
    yield "response.output_item.done", HEAD, {"output_index": index, "item": item}


def _reasoning(item: dict[str, Any], index: int, pieces: Iterable[str]) -> Iterator[Told]:
    part = item["summary"][0]
    where = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    yield _added(item, index, {"summary": []})
    yield "response.reasoning_summary_part.added", HEAD, where | {"part": part | {"text": ""}}
    yield from _deltas("response.reasoning_summary_text.delta", where, pieces)
    yield "response.reasoning_summary_text.done", HEAD, where | {"text": part["text"]}
    yield "response.reasoning_summary_part.done", HEAD, where | {"part": part}
    yield "response.output_item.done", HEAD, {"output_index": index, "item": item}


def _added(item: dict[str, Any], index: int, unfinished: dict[str, Any]) -> Told:
    return "response.output_item.added", HEAD, {"output_index": index, "item": item | unfinished}


def _deltas(kind: str, where: dict[str, Any], pieces: Iterable[str]) -> Iterator[Told]:
    for piece in pieces:
        yield kind, CHUNK, where | {"delta": piece}
