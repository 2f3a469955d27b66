"""Events to be told: samples with what a test wants different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from logs_app.events import Event, Message, sample


def event(**changes: Any) -> Event:
    return replace(sample(), **changes)


def message(body: Any, **changes: Any) -> Message:
    given = {"headers": {}, "content_type": "application/json", "bytes": 10} | changes
    return Message(body=body, **given)


def failed(**changes: Any) -> Event:
    return event(
        **{
            "outcome": "failed",
            "status_code": 503,
            "error_code": "upstream_unreachable",
            "error_message": "Nobody answers.",
            "response": message(None, bytes=0),
            "first_token_at": None,
            "ttft_ms": None,
        }
        | changes
    )
