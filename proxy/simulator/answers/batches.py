"""/batches: they finish after a moment, with an output file that answers each line of the input file."""

from __future__ import annotations

import time
from typing import Any

import orjson

from proxy.simulator.answers import files
from proxy.simulator.calls import Call
from proxy.simulator.errors import not_found
from proxy.simulator.replies import Answer, json_answer, listing
from proxy.simulator.words import answer

VALIDATING_SECONDS = 0.15
WORKING_SECONDS = 0.6
OVER = ("completed", "cancelled")


def create(call: Call) -> Answer:
    batch_id = call.make_id("batch_")
    input_id = call.need("input_file_id")
    lines = (call.shelves.contents.get(input_id) or b"").splitlines()
    shown = {
        "id": batch_id,
        "object": "batch",
        "endpoint": call.need("endpoint"),
        "model": None,
        "errors": None,
        "input_file_id": input_id,
        "completion_window": call.json.get("completion_window") or "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": call.now,
        "expires_at": call.now + 86_400,
        "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        "metadata": call.json.get("metadata"),
    }
    call.shelves.batches.put(batch_id, {"shown": shown, "lines": lines, "since": time.monotonic()})
    return json_answer(shown)


def retrieve(call: Call, batch_id: str) -> Answer:
    return json_answer(_advance(call, _stored(call, batch_id)))


def list_all(call: Call) -> Answer:
    return listing([_advance(call, batch) for batch in call.shelves.batches.newest()], call.arguments)


def cancel(call: Call, batch_id: str) -> Answer:
    batch = _stored(call, batch_id)
    if _advance(call, batch)["status"] not in OVER:
        batch["shown"] |= {"status": "cancelled", "cancelled_at": call.now}
    return json_answer(batch["shown"])


def _advance(call: Call, batch: dict[str, Any]) -> dict[str, Any]:
    shown, age = batch["shown"], time.monotonic() - batch["since"]
    if shown["status"] in OVER or age < VALIDATING_SECONDS:
        return shown
    if age < WORKING_SECONDS:
        shown["status"] = "in_progress"
        return shown
    output = b"".join(_line(call, line) + b"\n" for line in batch["lines"])
    file = files.keep(call, f"{shown['id']}_output.jsonl", "batch_output", output)
    shown["request_counts"]["completed"] = shown["request_counts"]["total"]
    shown |= {"status": "completed", "completed_at": call.now, "output_file_id": file["id"]}
    return shown


def _line(call: Call, line: bytes) -> bytes:
    try:
        custom_id = orjson.loads(line).get("custom_id")
    except (orjson.JSONDecodeError, AttributeError):
        custom_id = None
    message = {"role": "assistant", "content": "".join(answer(str(custom_id), None))}
    body = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    response = {"status_code": 200, "request_id": call.make_id("req_"), "body": body}
    return orjson.dumps(
        {"id": call.make_id("batch_req_"), "custom_id": custom_id, "response": response, "error": None}
    )


def _stored(call: Call, batch_id: str) -> dict[str, Any]:
    batch = call.shelves.batches.get(batch_id)
    if batch is None:
        raise not_found("batch", batch_id)
    return batch
