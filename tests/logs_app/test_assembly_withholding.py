from __future__ import annotations

import struct
from typing import Any

import orjson
import pytest

from logs_app import assembly
from logs_app.assembly import Rows
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART, SENT

ID = bytes.fromhex("0193497ab8007000800000000000abcd")
CANARY = "the-patient-has-a-secret"
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": CANARY}]}
ANSWER = {
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": CANARY}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
}


def assemble(
    log: str, answer: Any = ANSWER, status: int = 200, *, opened: Any = (), sent: bool = False, **closed: Any
) -> Rows:
    meta = {
        "created_us": 1_700_000_000_000_000,
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": [["content-type", "application/json"]],
        "model": "gpt-4o",
        "key": {"id": "7", "kind": "token", "name": "", "prefix": "sk-…"},
        "log": log,
    } | dict(opened)
    head = orjson.dumps(meta)
    answered = {"status": status, "headers": [["content-type", "application/json"]], "provider": "default"}
    pieces = [
        (OPENED, 0, struct.pack("<I", len(head)) + head + orjson.dumps(REQUEST)),
        *([(SENT, 9, orjson.dumps(REQUEST))] if sent else []),
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


HEADERS = [
    ["content-type", "application/json"],
    ["x-relay-session", f"session {CANARY}"],
    ["x-relay-user", f"user {CANARY}"],
    ["x-relay-tags", f"tag {CANARY}"],
    ["x-request-id", f"id {CANARY}"],
    ["x-portkey-trace-id", f"trace {CANARY}"],
]
SAID = {
    "headers": HEADERS,
    "query": f"q={CANARY}",
    "path": f"/v1/files/{CANARY}",
    "endpoint": "/v1/files/{id}",
    "client_ip": CANARY,
    "key": {"id": "7", "kind": "token", "name": CANARY, "prefix": CANARY},
    "project": {"id": "p-1", "name": CANARY},
}


def test_counts_are_counts_and_nothing_that_anybody_said() -> None:
    rows = assemble("off", opened=SAID, error_code="upstream_timeout", error_message=CANARY)
    record = rows.record
    assert CANARY not in everything(rows)
    assert record["log_level"] == "off"
    assert [value for name, value in rows.payload.items() if name.endswith(("headers", "body", "usage"))] == [
        None
    ] * 5
    kept = ("key_id", "project_id", "model", "total_tokens", "outcome", "status_code", "error_code", "path")
    assert [record[name] for name in kept] == [
        "7", "p-1", "gpt-4o", 12, "completed", 200, "upstream_timeout", "/v1/files/{id}",
    ]  # fmt: skip


def test_metadata_keep_who_called_and_for_whom() -> None:
    record = assemble("metadata", opened=SAID).record
    assert (record["session"], record["query"]) == (f"session {CANARY}", f"q={CANARY}")
    assert record["log_level"] == "metadata"


def test_what_was_sent_instead_is_withheld_too() -> None:
    assert assemble("full", sent=True).payload["request_sent"]
    assert assemble("metadata", sent=True).payload["request_sent"] is None


def test_what_a_provider_said_about_an_attempt_is_withheld() -> None:
    attempts = [{"provider": "p", "status": 400, "error": "refused", "message": CANARY}]
    assert assemble("full", attempts=attempts).attempts[0]["message"] == CANARY
    (attempt,) = assemble("metadata", attempts=attempts).attempts
    assert (attempt["error"], attempt["message"]) == ("refused", "")
