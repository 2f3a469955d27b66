from __future__ import annotations

import struct
from typing import Any

import orjson
import pytest

from logs_app import assembly
from logs_app.assembly import Rows
from logs_app.segments import ANSWERED, CLOSED, OPENED, PART

ID = bytes.fromhex("0193497ab8007000800000000000abcd")
CANARY = "the-patient-has-a-secret"
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": CANARY}]}
ANSWER = {
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": CANARY}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
}


def assemble(log: str, answer: Any = ANSWER, status: int = 200, **closed: Any) -> Rows:
    opened = {
        "created_us": 1_700_000_000_000_000,
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": [["content-type", "application/json"]],
        "model": "gpt-4o",
        "key": {"id": "7", "kind": "token", "name": "", "prefix": "sk-…"},
        "log": log,
    }
    head = orjson.dumps(opened)
    answered = {"status": status, "headers": [["content-type", "application/json"]], "provider": "default"}
    pieces = [
        (OPENED, 0, struct.pack("<I", len(head)) + head + orjson.dumps(REQUEST)),
        (ANSWERED, 10, orjson.dumps(answered)),
        (PART, 11, orjson.dumps(answer)),
        (CLOSED, 12, orjson.dumps({"outcome": "completed", "status": status} | closed)),
    ]
    return assembly.assemble(ID, "node", pieces, 1 << 20)


def everything(rows: Rows) -> str:
    return repr((rows.record, rows.payload, rows.attempts))


def test_a_full_record_holds_what_was_said() -> None:
    rows = assemble("full")
    assert CANARY in rows.record["request_preview"]
    assert rows.payload["request_body"] and rows.payload["response_body"]


def test_of_metadata_neither_bodies_nor_previews_are_kept() -> None:
    rows = assemble("metadata")
    bodies = ("request_body", "response_body", "response_raw")
    assert [rows.payload[name] for name in bodies] == [None, None, None]
    assert CANARY not in everything(rows)


def test_usage_is_counted_all_the_same() -> None:
    record = assemble("metadata").record
    assert (record["prompt_tokens"], record["total_tokens"], record["finish_reason"]) == (7, 12, "stop")
    assert (record["model"], record["outcome"], record["key_id"]) == ("gpt-4o", "completed", "7")


@pytest.mark.parametrize(("log", "kept"), [("full", True), ("metadata", False)])
def test_the_words_of_a_provider_may_quote_the_prompt(log: str, kept: bool) -> None:
    error = {"error": {"message": f"Not allowed: {CANARY}", "code": "content_policy"}}
    rows = assemble(log, error, 400)
    assert rows.record["error_code"] == "content_policy"
    assert (CANARY in rows.record["error_message"]) is kept


def test_our_own_words_stay() -> None:
    rows = assemble("metadata", error_code="upstream_timeout", error_message="It took too long.")
    assert rows.record["error_message"] == "It took too long."
