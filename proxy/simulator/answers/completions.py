"""POST /completions, the legacy endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from proxy.simulator import turns, words
from proxy.simulator.calls import Call
from proxy.simulator.replies import DONE, TAIL, Answer, Event, json_answer, stream_answer
from proxy.simulator.script import without_marker
from proxy.simulator.turns import Prompt, Turn


def create(call: Call) -> Answer:
    model = call.model
    asked = _prompts(call.json.get("prompt"))
    said = [
        turns.compose(
            Prompt(text=text, input_tokens=count, max_tokens=call.json.get("max_tokens")), call.script, choice
        )
        for text, count in asked
        for choice in range(call.json.get("n") or 1)
    ]
    frame = {
        "id": call.make_id("cmpl-"),
        "object": "text_completion",
        "created": call.now,
        "model": model,
        "system_fingerprint": "fp_5134a1a7e0",
    }
    usage = _usage(said, sum(count for _, count in asked))
    pieces = sum(len(turn.pieces) for turn in said)
    if call.json.get("stream"):
        return stream_answer(_events(call, frame, said, usage), "chat", pieces)
    choices = [
        _choice(index, _text(call, asked, turn, index), turn.finish) for index, turn in enumerate(said)
    ]
    return json_answer(frame | {"choices": choices, "usage": usage}, pieces)


def _prompts(given: Any) -> list[tuple[str, int]]:
    """Each prompt as text, with its number of tokens; it may be given as text or tokens, one or several."""
    if isinstance(given, list) and given and all(isinstance(each, int) for each in given):
        return [(f"{len(given)} tokens", len(given))]
    if isinstance(given, list):
        return [pair for each in given for pair in _prompts(each)] or [("", 0)]
    text = str(given or "")
    return [(without_marker(text), words.count(text))]


def _usage(said: list[Turn], prompt_tokens: int) -> dict[str, int]:
    completion_tokens = sum(turn.output_tokens for turn in said)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def _text(call: Call, asked: list[tuple[str, int]], turn: Turn, index: int) -> str:
    per_prompt = call.json.get("n") or 1
    return (asked[index // per_prompt][0] if call.json.get("echo") else "") + turn.text


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


def _events(call: Call, frame: dict[str, Any], said: list[Turn], usage: dict[str, int]) -> Iterator[Event]:
    wants_usage = bool((call.json.get("stream_options") or {}).get("include_usage"))
    null_usage = {"usage": None} if wants_usage else {}
    for index, turn in enumerate(said):
        for piece in turn.pieces:
            yield Event(orjson.dumps(frame | {"choices": [_choice(index, piece, None)]} | null_usage))
        last = _choice(index, "", turn.finish)
        yield Event(orjson.dumps(frame | {"choices": [last]} | null_usage), TAIL)
    if wants_usage:
        yield Event(orjson.dumps(frame | {"choices": [], "usage": usage}), TAIL)
    yield Event(b"[DONE]", DONE)
