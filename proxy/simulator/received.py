"""What the simulator remembers of a request, for tests to look at."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import orjson

from proxy.simulator.bodies import Body
from proxy.simulator.wire import Head

RECORDED_BODY_BYTES = 1024 * 1024


@dataclass(slots=True)
class Received:
    """Times are `time.monotonic()` seconds."""

    method: str
    target: str
    """As it stood in the request line: not decoded, query included."""
    headers: list[tuple[str, str]]
    """In order and spelled as they came."""
    body: bytes = b""
    """Empty beyond 1 MB (then `body_sha256` tells)."""
    body_size: int = 0
    body_sha256: str = ""
    is_complete: bool = False
    """The whole request came."""
    received_at: float = field(default_factory=time.monotonic)
    finished_at: float | None = None
    aborted_at: float | None = None
    """When the client closed before the answer was complete."""
    status: int | None = None

    @property
    def aborted(self) -> bool:
        return self.aborted_at is not None

    @property
    def json(self) -> Any:
        """None when its body is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def complete(self, body: Body) -> None:
        self.is_complete = True
        self.body_size = body.size
        if body.size <= RECORDED_BODY_BYTES:
            self.body = body.content
        self.body_sha256 = body.sha256


def of_head(head: Head) -> Received:
    return Received(head.method, head.target, list(head.headers))
