"""An event that tells of no exchange: to see whether a sink takes one."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from logs_app import identifiers
from logs_app.events.event import Event, Message

PATH = "/v1/chat/completions"
MODEL = "test-event"
TAG = "test-event"


def sample() -> Event:
    finished_at = timezone.now()
    created_at = finished_at - timedelta(milliseconds=250)
    return Event(
        id=identifiers.as_text(identifiers.uuid7()),
        node="test",
        seq=0,
        created_at=created_at,
        first_token_at=created_at + timedelta(milliseconds=100),
        finished_at=finished_at,
        latency_ms=250.0,
        ttft_ms=100.0,
        method="POST",
        path=PATH,
        endpoint=PATH,
        model=MODEL,
        model_sent=MODEL,
        model_served=MODEL,
        provider="none",
        status_code=200,
        outcome="completed",
        finish_reason="stop",
        usage={"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        tags=[TAG],
        request=_json_message({"model": MODEL, "messages": [_said("user", "Does this event arrive?")]}),
        response=_json_message(
            {
                "object": "chat.completion",
                "model": MODEL,
                "choices": [
                    {
                        "index": 0,
                        "message": _said("assistant", "It does."),
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
            }
        ),
    )


def _said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _json_message(body: dict[str, object]) -> Message:
    return Message(headers={}, content_type="application/json", bytes=len(str(body)), body=body)
