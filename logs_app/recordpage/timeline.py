"""One call from its arrival to its end, as spans of time and as a story in words: who was asked, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from logs_app import payloads
from logs_app.models import Attempt, LogRecord, Outcome
from logs_app.recordpage import events, story

RELAY, PROVIDER, STREAM, FAILED, SILENCE = "relay", "provider", "stream", "failed", "silence"
# Of a drawing that is 1000 wide: what is shorter than this would not be seen.
WIDTH, NARROWEST = 1000, 3
MOST_GAPS = 20


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    kind: str
    start_ms: float
    end_ms: float

    @property
    def took_ms(self) -> float:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Bar:
    """A span in the drawing."""

    span: Span
    x: float
    width: float


@dataclass(slots=True)
class Timeline:
    total_ms: float
    spans: list[Span] = field(default_factory=list)
    story: list[story.Step] = field(default_factory=list)

    @property
    def bars(self) -> list[Bar]:
        scale = WIDTH / (self.total_ms or 1)
        bars = []
        for span in self.spans:
            width = max(span.took_ms * scale, NARROWEST)
            bars.append(Bar(span, min(span.start_ms * scale, WIDTH - width), width))
        return bars


def of(record: LogRecord, children: list[LogRecord]) -> Timeline:
    """`children`: what the steps of its route asked models, before the call went out."""
    attempts = record.attempts
    timings = payloads.unpack_timings(record.payload.timings)
    first_part_ms = timings[0][0] / 1000 if timings else None
    silences = events.gaps(timings)[:MOST_GAPS]
    # A worker that died has not said how long it took.
    ends = [record.latency_ms, *(_end(a) for a in attempts), timings[-1][0] / 1000 if timings else 0.0]
    timeline = Timeline(max(max(ends), 0.001))
    timeline.spans = [
        *_before(record, attempts, children),
        *_of_attempts(attempts),
        *_of_answer(record, attempts, first_part_ms, silences, timeline.total_ms),
    ]
    timeline.story = story.tell(record, children, first_part_ms, silences)
    return timeline


def _before(record: LogRecord, attempts: list[Attempt], children: list[LogRecord]) -> Iterator[Span]:
    until = attempts[0].started_ms if attempts else record.latency_ms
    name = _("In the relay") if attempts or record.outcome == Outcome.REJECTED else _("The whole call")
    yield Span(name, RELAY, 0.0, until)
    for child in children:
        start = (child.created_at - record.created_at).total_seconds() * 1000
        yield Span(
            _("Step: asks %s") % (child.model or child.path), PROVIDER, start, start + child.latency_ms
        )


def _of_attempts(attempts: list[Attempt]) -> Iterator[Span]:
    for attempt in attempts:
        failed = bool(attempt.error) or (attempt.status_code or 0) >= 400
        name = f"{attempt.provider} {attempt.status_code or ''}".strip()
        yield Span(name, FAILED if failed else PROVIDER, attempt.started_ms, _end(attempt))


def _of_answer(
    record: LogRecord, attempts: list[Attempt], first_part_ms: float | None, silences: Any, total_ms: float
) -> Iterator[Span]:
    if first_part_ms is None:
        return
    answered_ms = _end(attempts[-1]) if attempts else first_part_ms
    if record.ttft_ms is not None and record.ttft_ms > answered_ms:
        yield Span(_("Until the first token"), PROVIDER, answered_ms, record.ttft_ms)
    start = record.ttft_ms if record.ttft_ms is not None else first_part_ms
    yield Span(_("Tokens") if record.is_streaming else _("Answer"), STREAM, start, total_ms)
    for begin, end in silences:
        yield Span(_("Nothing came"), SILENCE, begin, end)


def _end(attempt: Attempt) -> float:
    return attempt.started_ms + (attempt.latency_ms or 0.0)
