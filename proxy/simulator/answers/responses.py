"""POST /responses and what can be done with a response afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from proxy.simulator import prompts, turns
from proxy.simulator.answers import response_events
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal, not_found
from proxy.simulator.replies import Answer, json_answer, listing, stream_answer
from proxy.simulator.turns import ToolCall, Turn

QUEUED_SECONDS = 0.15
WORKING_SECONDS = 0.6

ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


@dataclass(slots=True)
class Kept:
    """A finished response, how it came about, and since when it pretends to be at work."""

    response: dict[str, Any]
    turn: Turn
    asked: Any
    since: float = field(default_factory=time.monotonic)
    is_cancelled: bool = False

    @property
    def current(self) -> dict[str, Any]:
        if not self.response["background"]:
            return self.response
        status = self.status
        if status in ("completed", "incomplete"):
            return self.response
        return self.response | {"status": status, "output": [], "usage": None}

    @property
    def status(self) -> str:
        if self.is_cancelled:
            return "cancelled"
        age = time.monotonic() - self.since
        if age < QUEUED_SECONDS:
            return "queued"
        return "in_progress" if age < WORKING_SECONDS else self.response["status"]


def create(call: Call) -> Answer:
    request = call.json
    _need_previous(call)
    turn = turns.compose(prompts.of_responses(call), call.script)
    response = _complete(call, turn)
    kept = Kept(response, turn, request.get("input"))
    if request.get("store") is not False or response["background"]:
        call.shelves.responses.put(response["id"], kept)
    if request.get("stream"):
        return stream_answer(response_events.tell(response, turn), "responses", turn.chunk_count)
    return json_answer(kept.current, 0 if response["background"] else turn.chunk_count)


def _need_previous(call: Call) -> None:
    previous = call.json.get("previous_response_id")
    if previous and call.shelves.responses.get(previous) is None:
        message = f"Previous response with id '{previous}' not found."
        raise Refusal(400, message, code="previous_response_not_found", param="previous_response_id")


def _complete(call: Call, turn: Turn) -> dict[str, Any]:
    request = call.json
    is_cut = turn.finish in ("length", "content_filter")
    reason = "max_output_tokens" if turn.finish == "length" else "content_filter"
    conversation = request.get("conversation")
    conversation_id = conversation.get("id") if isinstance(conversation, dict) else conversation
    return {
        "id": call.make_id("resp_"),
        "object": "response",
        "created_at": call.now,
        "status": "incomplete" if is_cut else "completed",
        "background": bool(request.get("background")),
        "completed_at": call.now,
        "conversation": {"id": conversation_id} if conversation_id else None,
        "error": None,
        "incomplete_details": {"reason": reason} if is_cut else None,
        "model": call.model,
        "output": _output(call, turn),
        "service_tier": "default",
        "usage": _usage(turn),
        **{key: request[key] if request.get(key) is not None else usual for key, usual in ECHOED.items()},
    }


def _output(call: Call, turn: Turn) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    if turn.reasoning:
        summary = [{"type": "summary_text", "text": "".join(turn.reasoning)}]
        output.append({"id": call.make_id("rs_"), "type": "reasoning", "summary": summary})
    output.extend(_function_call(call, each, position) for position, each in enumerate(turn.calls))
    if not turn.calls:
        output.append(_message(call, turn))
    return output


def _message(call: Call, turn: Turn) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "annotations": [], "logprobs": [], "text": turn.text}
    if turn.refusal:
        part = {"type": "refusal", "refusal": turn.text}
    return {
        "id": call.make_id("msg_"),
        "type": "message",
        "status": "completed",
        "content": [part],
        "role": "assistant",
    }


def _function_call(call: Call, tool_call: ToolCall, position: int) -> dict[str, Any]:
    return {
        "id": call.make_id(f"fc_{position}"),
        "type": "function_call",
        "status": "completed",
        "arguments": tool_call.arguments,
        "call_id": call.make_id(f"call_{position}"),
        "name": tool_call.name,
    }


def _usage(turn: Turn) -> dict[str, Any]:
    return {
        "input_tokens": turn.input_tokens,
        "input_tokens_details": {"cached_tokens": turn.cached_tokens},
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }


def retrieve(call: Call, response_id: str) -> Answer:
    kept = _kept(call, response_id)
    if call.arguments.get("stream") != "true":
        return json_answer(kept.current)
    after = int(call.arguments.get("starting_after") or -1)
    return stream_answer(
        response_events.tell(kept.response, kept.turn, after), "responses", kept.turn.chunk_count
    )


def delete(call: Call, response_id: str) -> Answer:
    _kept(call, response_id)
    call.shelves.responses.remove(response_id)
    return json_answer({"id": response_id, "object": "response", "deleted": True})


def cancel(call: Call, response_id: str) -> Answer:
    kept = _kept(call, response_id)
    if not kept.response["background"]:
        raise Refusal(400, "Cannot cancel a synchronous response.")
    if kept.status in ("queued", "in_progress"):
        kept.is_cancelled = True
    return json_answer(kept.current)


def list_input_items(call: Call, response_id: str) -> Answer:
    asked = _kept(call, response_id).asked
    if not isinstance(asked, list):
        asked = [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": asked or ""}]}
        ]
    numbered = [{"id": f"msg_{response_id}_{i}"} | item for i, item in enumerate(asked)]
    return listing(numbered, call.arguments)


def count_input_tokens(call: Call) -> Answer:
    tokens = prompts.of_responses(call).input_tokens
    return json_answer({"object": "response.input_tokens", "input_tokens": tokens})


def _kept(call: Call, response_id: str) -> Kept:
    kept = call.shelves.responses.get(response_id)
    if kept is None:
        raise not_found("response", response_id)
    return kept
