"""Counters since the start, shown at GET /stats."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from proxy.simulator.calls import Call
from proxy.simulator.replies import Answer, json_answer


@dataclass(slots=True)
class Stats:
    requests: int = 0
    completed: int = 0
    aborted: int = 0
    streaming: int = 0
    """Answers on their way right now."""
    events: int = 0
    connections: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)
    since: float = field(default_factory=time.monotonic)

    def count(self, call: Call, answer: Answer) -> None:
        self.requests += 1
        self.statuses[answer.status] += 1
        self.paths[call.endpoint] += 1

    def show(self) -> Answer:
        return json_answer(
            {
                "requests": self.requests,
                "completed": self.completed,
                "aborted": self.aborted,
                "streaming": self.streaming,
                "events": self.events,
                "connections": self.connections,
                "statuses": {str(status): number for status, number in sorted(self.statuses.items())},
                "paths": dict(self.paths.most_common()),
                "uptime_seconds": round(time.monotonic() - self.since, 3),
            }
        )
