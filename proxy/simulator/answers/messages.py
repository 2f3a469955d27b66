"""Anthropic's POST /messages and /messages/count_tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from proxy.simulator import prompts, turns
from proxy.simulator.calls import Call
from proxy.simulator.replies import CHUNK, DONE, HEAD, TAIL, Answer, Event, json_answer, stream_answer
from proxy.simulator.turns import Turn

STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def create(call: Call) -> Answer:
    model = call.model
    turn = turns.compose(prompts.of_messages(call), call.script)
    message = {
        "id": call.make_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": _blocks(call, turn),
        "stop_reason": STOP_REASONS.get(turn.finish, turn.finish),
        "stop_sequence": None,
        "usage": _usage(turn),
    }
    if call.json.get("stream"):
        return stream_answer(_events(message, turn), "messages", turn.chunk_count)
    return json_answer(message, turn.chunk_count)


def count_tokens(call: Call) -> Answer:
    return json_answer({"input_tokens": prompts.of_messages(call).input_tokens})


def _blocks(call: Call, turn: Turn) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if turn.reasoning:
        blocks.append({"type": "thinking", "thinking": "".join(turn.reasoning), "signature": "c2ltdWxhdGVk"})
    if turn.pieces:
        blocks.append({"type": "text", "text": turn.text})
    for position, tool_call in enumerate(turn.calls):
        tool_id = call.make_id(f"toolu_{position}")
        given = orjson.loads(tool_call.arguments)
        blocks.append({"type": "tool_use", "id": tool_id, "name": tool_call.name, "input": given})
    return blocks


def _usage(turn: Turn) -> dict[str, Any]:
    """Here input tokens do not include those read from the cache."""
    return {
        "input_tokens": turn.input_tokens - turn.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": turn.cached_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": turn.output_tokens,
        "service_tier": "standard",
    }


def _events(message: dict[str, Any], turn: Turn) -> Iterator[Event]:
    start_usage = message["usage"] | {"output_tokens": 1}
    start = message | {"content": [], "stop_reason": None, "usage": start_usage}
    yield _event("message_start", HEAD, message=start)
    arguments = iter([call.fragments for call in turn.calls])
    for index, block in enumerate(message["content"]):
        if block["type"] == "thinking":
            yield from _block(index, block, {"thinking": "", "signature": ""}, "thinking", turn.reasoning)
        elif block["type"] == "text":
            yield from _block(index, block, {"text": ""}, "text", turn.pieces)
        else:
            yield from _block(index, block, {"input": {}}, "partial_json", next(arguments))
        if index == 0:
            yield _event("ping", HEAD)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", TAIL, delta=delta, usage={"output_tokens": turn.output_tokens})
    yield _event("message_stop", DONE)


DELTA_TYPES = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}


def _block(
    index: int, block: dict[str, Any], empty: dict[str, Any], key: str, pieces: Iterable[str]
) -> Iterator[Event]:
    yield _event("content_block_start", HEAD, index=index, content_block=block | empty)
    for piece in pieces:
        yield _event("content_block_delta", CHUNK, index=index, delta={"type": DELTA_TYPES[key], key: piece})
    if "signature" in block:
        signed = {"type": "signature_delta", "signature": block["signature"]}
        yield _event("content_block_delta", HEAD, index=index, delta=signed)
    yield _event("content_block_stop", HEAD, index=index)


def _event(kind: str, stage: int, **fields: Any) -> Event:
    return Event(orjson.dumps({"type": kind} | fields), stage, kind.encode())
