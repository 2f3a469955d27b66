"""What the recorder says of itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from logs_app.metrics import published
from logs_app.metrics.sample import Sample

PROCESS = "recorder"


class Meter:
    def __init__(self, directory: Path) -> None:
        self._publication = published.Publication(directory, PROCESS)
        self._recorded = 0
        self._delay_seconds = 0.0
        self._due_at = 0.0

    def attend(self, records: Iterable[dict[str, Any]]) -> None:
        """What was just committed; of nothing, too, so that the file is renewed."""
        finished = [_moment(record["finished_at"]) for record in records]
        if finished:
            self._recorded += len(finished)
            self._delay_seconds = max(time.time() - max(finished), 0.0)
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + published.INTERVAL_SECONDS
            self._publication.publish(self._samples())

    def close(self) -> None:
        self._publication.withdraw()

    def _samples(self) -> Iterator[Sample]:
        yield Sample("llm_proxy_recorded_total", self._recorded)
        yield Sample("llm_proxy_recording_delay_seconds", self._delay_seconds)
        yield from published.of_this_process()


def _moment(value: Any) -> float:
    """Rows for SQLite have their times as text, in UTC."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
