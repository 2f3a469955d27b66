"""Somebody who looks at the console all the time, as Prometheus, probes and people do."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from itertools import cycle

import httpx

from bench.soak.world import MANAGEMENT_TOKEN

PATHS = (
    "/ready",
    "/metrics",
    "/manage/logs?page_size=50",
    "/manage/stats?since=1h&group_by=model,status",
    "/manage/logs?search=market&page_size=20",
    "/manage/dispatchers",
    "/manage/audit",
    "/admin/login/",
)
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Visitor:
    url: str
    interval: float = 0.5
    seen: int = 0
    failures: list[tuple[float, str]] = field(default_factory=list)
    """When, and what."""

    def run(self, stopping: threading.Event) -> None:
        headers = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
        with httpx.Client(
            base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        ) as client:
            for path in cycle(PATHS):
                if stopping.wait(self.interval):
                    return
                self._visit(client, path)

    def _visit(self, client: httpx.Client, path: str) -> None:
        began = time.time()
        try:
            answer = client.get(path)
        except httpx.HTTPError as problem:
            self.failures.append((began, f"{path}: {problem!r}"))
            return
        self.seen += 1
        if answer.is_error:
            self.failures.append((began, f"{path}: {answer.status_code} {answer.text[:200]}"))
