"""Recorded exchanges of many providers, in the forms that the services say they take."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from logs_app.events import Event
from logs_app.sinks import Target, open_sink
from tests import ingestion
from tests.logs_app.journals import JSON_HEADERS, SSE_HEADERS
from tests.logs_app.records import add_records
from tests.receiver import Receiver, Service

FOLDER = os.environ.get("RECORDED_EXCHANGES", "")
if not FOLDER:
    pytest.skip("RECORDED_EXCHANGES is not set: no recorded exchanges to tell of", allow_module_level=True)

SERVICES = {
    "lunary": ("key", {}),
    "helicone": ("key", {}),
    "langfuse": ("public:secret", {}),
    "otlp": ("", {"content": True}),
    "webhook": ("", {}),
}


def services() -> dict[str, Service]:
    return {
        "lunary": ingestion.Lunary().service,
        "helicone": ingestion.helicone,
        "langfuse": ingestion.Langfuse().service,
        "otlp": ingestion.collector,
        "webhook": lambda received: ingestion.said(200, {}),
    }


@pytest.fixture
def told(db: None) -> list[Event]:
    records = add_records([exchange(path) for path in sorted(Path(FOLDER).glob("*.json"))])
    return [Event.of(record, with_raw=True) for record in records]


def exchange(path: Path) -> tuple[bytes, bytes, dict[str, Any], dict[str, Any], None]:
    recorded = json.loads(path.read_text())
    asked, answer = (content(recorded[side] or {}) for side in ("request", "response"))
    opened = {"path": recorded["path"], "endpoint": recorded["path"], "is_streaming": recorded["stream"]}
    answered = {
        "status": recorded["response"]["status"],
        "headers": SSE_HEADERS if recorded["stream"] else JSON_HEADERS,
        "provider": recorded["provider"],
    }
    return answer, asked, opened, answered, None


def content(side: dict[str, Any]) -> bytes:
    if side.get("body_b64"):
        return base64.b64decode(side["body_b64"])
    body = side.get("body") or ""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.fixture(params=SERVICES)
def receiver(request: pytest.FixtureRequest) -> Iterator[tuple[str, Receiver]]:
    with Receiver(services()[request.param]) as running:
        yield request.param, running


def test_every_service_takes_every_exchange(told: list[Event], receiver: tuple[str, Receiver]) -> None:
    kind, running = receiver
    key, options = SERVICES[kind]
    with closing(open_sink(kind, Target(running.url, key, options))) as sink:
        faults = [
            (delivery.reason, event.endpoint)
            for start in range(0, len(told), 50)
            for event, delivery in zip(
                told[start : start + 50], sink.deliver(told[start : start + 50]), strict=True
            )
            if delivery.outcome != "delivered"
        ]
    assert faults == []
    assert len(told) > 200 and running.requests
