"""Exchanges as a worker writes them, and the recorder that reads them."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from logs_app.journal.journal import Journal
from logs_app.journal.segments import MasterKeys

KEY, OLD_KEY, OTHER_KEY = "key-one", "key-before", "key-of-somebody-else"
NODE = "node-a"
PATH = "/v1/chat/completions"
JSON_HEADERS = [["content-type", "application/json"], ["x-request-id", "req_1"]]
SSE_HEADERS = [["content-type", "text/event-stream; charset=utf-8"]]
REQUEST = orjson.dumps({"model": "m-1", "messages": [{"role": "user", "content": "Hello?"}], "user": "u-1"})
ANSWER = orjson.dumps(
    {
        "id": "c-1",
        "object": "chat.completion",
        "model": "m-1-2026",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
)


_counter = count()


def masters(*keys: str) -> MasterKeys:
    return MasterKeys(keys or [KEY])


def new_journal(directory: Path, *keys: str, **options: Any) -> Journal:
    return Journal(directory, NODE, keys or [KEY], **{"fsync_ms": 0} | options)


def new_id() -> bytes:
    """A UUIDv7, greater than the last."""
    id = bytearray(int(time.time() * 1000).to_bytes(6) + next(_counter).to_bytes(4) + os.urandom(6))
    id[6:10] = 0x70 | id[6], id[7], 0x80 | id[8] & 0x3F, id[9]
    return bytes(id)


def opened_meta(**given: Any) -> dict[str, Any]:
    return {
        "created_us": 1_763_660_000_123_456,
        "method": "POST",
        "path": PATH,
        "query": "",
        "endpoint": PATH,
        "client_ip": "192.0.2.7",
        "headers": [["content-type", "application/json"], ["authorization", "***"]],
        "model": "m-1",
        "is_streaming": False,
        "key": {"id": "1", "kind": "credential", "name": "first", "prefix": "sk-abc…"},
        "project": None,
        "body_streamed": False,
    } | given


def answered_meta(**given: Any) -> dict[str, Any]:
    return {
        "status": 200,
        "headers": JSON_HEADERS,
        "provider": "p-1",
        "model_sent": "m-1",
        "edits": [],
    } | given


def closed_meta(**given: Any) -> dict[str, Any]:
    attempt = {"provider": "p-1", "status": 200, "error": None, "started_us": 100, "latency_us": 4000}
    return {
        "outcome": "completed",
        "status": 200,
        "error_code": None,
        "error_message": None,
        "latency_us": 5000,
        "ttfb_us": 3000,
        "attempts": [attempt],
        "edits": [],
    } | given


def write_exchange(
    journal: Journal,
    *parts: bytes,
    id: bytes | None = None,
    body: bytes = REQUEST,
    opened: dict[str, Any] | None = None,
    answered: dict[str, Any] | None = None,
    closed: dict[str, Any] | None = None,
    is_closed: bool = True,
) -> bytes:
    """A whole exchange, or with `is_closed=False` one that goes on; a part a millisecond."""
    id = id or new_id()
    journal.opened(id, opened_meta(**opened or {}), body)
    journal.answered(id, 1000, answered_meta(**answered or {}))
    for number, part in enumerate(parts or (ANSWER,), 2):
        journal.part(id, number * 1000, part)
    if is_closed:
        journal.closed(id, 5000, closed_meta(**closed or {}))
    return id


def segment_files(directory: Path) -> list[str]:
    return sorted(name for name in os.listdir(directory) if name.endswith(".seg"))
