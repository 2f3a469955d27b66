"""POST /chat/completions, and the completions that were stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from proxy.simulator import prompts, turns
from proxy.simulator.calls import Call
from proxy.simulator.errors import not_found
from proxy.simulator.replies import DONE, HEAD, TAIL, Answer, Event, json_answer, listing, stream_answer
from proxy.simulator.turns import ToolCall, Turn


def create(call: Call) -> Answer:
    model = call.model
    prompt = prompts.of_chat(call)
    number = call.json.get("n") or 1
    said = [turns.compose(prompt, call.script, choice) for choice in range(number)]
    frame = {
        "id": call.make_id("chatcmpl-"),
        "object": "chat.completion",
        "created": call.now,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_5134a1a7e0",
    }
    chunks = sum(turn.chunk_count for turn in said)
    if call.json.get("stream"):
        return stream_answer(_events(call, frame, said), "chat", chunks)
    completion = frame | {
        "choices": [_choice(call, turn, index) for index, turn in enumerate(said)],
        "usage": _usage(said),
    }
    if call.json.get("store"):
        kept = completion | {"metadata": call.json.get("metadata"), "messages": call.json.get("messages")}
        call.shelves.completions.put(str(frame["id"]), kept)
    return json_answer(completion, chunks)


def _usage(said: list[Turn]) -> dict[str, Any]:
    return turns.usage(said[0], len(said), sum(turn.output_tokens for turn in said))


def _choice(call: Call, turn: Turn, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    if turn.reasoning:
        message["reasoning_content"] = "".join(turn.reasoning)
    if turn.calls:
        message["tool_calls"] = [_tool_call(call, each, i) for i, each in enumerate(turn.calls)]
    else:
        message["refusal" if turn.refusal else "content"] = turn.text
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(turn.pieces) if call.json.get("logprobs") else None,
        "finish_reason": turn.finish,
    }


def _tool_call(call: Call, tool_call: ToolCall, position: int) -> dict[str, Any]:
    return {
        "id": _tool_call_id(call, position),
        "type": "function",
        "function": {"name": tool_call.name, "arguments": tool_call.arguments},
    }


def _tool_call_id(call: Call, position: int) -> str:
    return call.make_id(f"call_{position}")


def _logprobs(pieces: tuple[str, ...]) -> dict[str, Any]:
    return {"content": [_logprob(piece) for piece in pieces], "refusal": None}


def _logprob(piece: str) -> dict[str, Any]:
    token = {"token": piece, "logprob": -0.25, "bytes": list(piece.encode())}
    return token | {"top_logprobs": [token]}


def _events(call: Call, frame: dict[str, Any], said: list[Turn]) -> Iterator[Event]:
    options = call.json.get("stream_options") or {}
    wants_usage = bool(options.get("include_usage"))
    frame = frame | {"object": "chat.completion.chunk"}
    null_usage = {"usage": None} if wants_usage else {}
    start = orjson.dumps(frame)[:-1] + b',"choices":[{"index":'
    end = b',"finish_reason":null}]' + (b',"usage":null}' if wants_usage else b"}")

    for index in range(len(said)):
        role = {"role": "assistant", "content": "", "refusal": None}
        choice = {"index": index, "delta": role, "logprobs": None, "finish_reason": None}
        yield Event(orjson.dumps(frame | {"choices": [choice]} | null_usage), HEAD)

    def chunk(index: int, delta: bytes, logprobs: bytes = b"null") -> Event:
        return Event(b'%b%d,"delta":{%b},"logprobs":%b%b' % (start, index, delta, logprobs, end))

    with_logprobs = bool(call.json.get("logprobs"))
    yield from _interleave(
        [_deltas(call, turn, index, chunk, with_logprobs) for index, turn in enumerate(said)]
    )
    for index, turn in enumerate(said):
        choice = {"index": index, "delta": {}, "logprobs": None, "finish_reason": turn.finish}
        yield Event(orjson.dumps(frame | {"choices": [choice]} | null_usage), TAIL)
    if wants_usage:
        yield Event(orjson.dumps(frame | {"choices": [], "usage": _usage(said)}), TAIL)
    yield Event(b"[DONE]", DONE)


def _deltas(
    call: Call, turn: Turn, index: int, chunk: Callable[..., Event], with_logprobs: bool
) -> Iterator[Event]:
    for piece in turn.reasoning:
        yield chunk(index, b'"reasoning_content":' + orjson.dumps(piece))
    key = b'"refusal":' if turn.refusal else b'"content":'
    for piece in turn.pieces:
        logprobs = orjson.dumps(_logprobs((piece,))) if with_logprobs else b"null"
        yield chunk(index, key + orjson.dumps(piece), logprobs)
    for position, tool_call in enumerate(turn.calls):
        opened = _tool_call(call, tool_call, position) | {"index": position}
        opened["function"] = {"name": tool_call.name, "arguments": ""}
        yield from _fragments(position, opened, tool_call, index, chunk)


def _fragments(
    position: int, opened: dict[str, Any], tool_call: ToolCall, index: int, chunk: Callable[..., Event]
) -> Iterator[Event]:
    opening = chunk(index, b'"tool_calls":%b' % orjson.dumps([opened]))
    opening.stage = HEAD
    yield opening
    for fragment in tool_call.fragments:
        part = [{"index": position, "function": {"arguments": fragment}}]
        yield chunk(index, b'"tool_calls":%b' % orjson.dumps(part))


def _interleave(streams: list[Iterator[Event]]) -> Iterator[Event]:
    if len(streams) == 1:
        yield from streams[0]
        return
    while streams:
        for stream in list(streams):
            event = next(stream, None)
            if event is None:
                streams.remove(stream)
            else:
                yield event


def retrieve(call: Call, completion_id: str) -> Answer:
    return json_answer(_stored(call, completion_id))


def update(call: Call, completion_id: str) -> Answer:
    completion = _stored(call, completion_id)
    completion["metadata"] = call.json.get("metadata")
    return json_answer(completion)


def delete(call: Call, completion_id: str) -> Answer:
    _stored(call, completion_id)
    call.shelves.completions.remove(completion_id)
    return json_answer({"object": "chat.completion.deleted", "id": completion_id, "deleted": True})


def list_messages(call: Call, completion_id: str) -> Answer:
    messages = _stored(call, completion_id)["messages"] or []
    numbered = [{"id": f"{completion_id}-{i}"} | message for i, message in enumerate(messages)]
    return listing(numbered, call.arguments)


def list_stored(call: Call) -> Answer:
    model = call.arguments.get("model")
    kept = [each for each in call.shelves.completions.newest() if model in (None, each["model"])]
    return listing(kept, call.arguments)


def _stored(call: Call, completion_id: str) -> dict[str, Any]:
    completion = call.shelves.completions.get(completion_id)
    if completion is None:
        raise not_found("chat completion", completion_id)
    return completion
