"""Exchanges of realistic size in the journal, as a worker writes them."""

from __future__ import annotations

import time

import orjson
from django.conf import settings

from bench.bodies import SYSTEM, TEXT
from logs_app.identifiers import uuid7
from logs_app.journal.journal import Journal

HEADERS = [["content-type", "application/json"], ["user-agent", "bench"], ["authorization", "***"]]
PATH = "/v1/chat/completions"
REQUEST = orjson.dumps(
    {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": (TEXT * 10)[:765]}],
    }
)
ANSWER = orjson.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": (TEXT * 10)[:1200]},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 300, "total_tokens": 500},
    }
)


def write(count: int) -> None:
    settings.JOURNAL_DIR.mkdir(exist_ok=True)
    journal = Journal(settings.JOURNAL_DIR, settings.NODE_ID, settings.FIELD_ENCRYPTION_KEYS, fsync_ms=1000)
    for number in range(count):
        write_one(journal, number, uuid7())
    journal.close()


def write_one(journal: Journal, number: int, id: bytes) -> None:
    opened = {
        "created_us": time.time_ns() // 1000, "method": "POST", "path": PATH, "query": "", "endpoint": PATH,
        "client_ip": "192.0.2.1", "headers": HEADERS, "model": "gpt-4o-mini", "is_streaming": False,
        "key": {"id": str(number % 20), "kind": "credential", "name": f"key {number % 20}", "prefix": "sk-…"},
        "project": None, "body_streamed": False,
    }  # fmt: skip
    answered = {
        "status": 200,
        "headers": HEADERS[:1],
        "provider": "default",
        "model_sent": "gpt-4o-mini",
        "edits": [],
    }
    attempt = {"provider": "default", "status": 200, "error": None, "started_us": 100, "latency_us": 4000}
    closed = {
        "outcome": "completed", "status": 200, "error_code": None, "error_message": None, "latency_us": 5000,
        "ttfb_us": 3000, "attempts": [attempt], "edits": [],
    }  # fmt: skip
    journal.opened(id, opened, REQUEST)
    journal.answered(id, 1000, answered)
    journal.part(id, 2000, ANSWER)
    journal.closed(id, 5000, closed)
