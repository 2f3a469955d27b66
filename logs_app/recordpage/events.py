"""A stream as it came: its events, when each arrived, and how long nothing did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from logs_app import payloads
from logs_app.folding.sse import Decoder
from logs_app.models import LogPayload
from logs_app.recordpage import saying

PAGE = 100
SHOWN_CHARACTERS = 400
LONG_GAP_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Event:
    """`at_ms` and `gap_ms` are None where the arrival is not known."""

    number: int
    name: str
    data: str
    at_ms: float | None
    gap_ms: float | None

    @property
    def shown(self) -> str:
        return self.data[:SHOWN_CHARACTERS]

    @property
    def says(self) -> str:
        return saying.of(self.data)

    @property
    def rest(self) -> int:
        return max(len(self.data) - SHOWN_CHARACTERS, 0)

    @property
    def is_late(self) -> bool:
        return self.gap_ms is not None and self.gap_ms > LONG_GAP_MS


@dataclass(frozen=True, slots=True)
class Page:
    events: list[Event]
    total: int  # of the stream
    found: int  # that the filter leaves
    start: int
    has_times: bool

    @property
    def next(self) -> int | None:
        return self.start + PAGE if self.start + PAGE < self.found else None

    @property
    def previous(self) -> int | None:
        return max(self.start - PAGE, 0) if self.start else None

    @property
    def last(self) -> int:
        return self.start + len(self.events)


def page(payload: LogPayload, words: str = "", start: int = 0) -> Page:
    events = [*read(payload)]
    wanted = words.lower()
    found = [event for event in events if wanted in event.data.lower() or wanted in event.name.lower()]
    start = max(start, 0)
    has_times = any(event.at_ms is not None for event in events)
    return Page(found[start : start + PAGE], len(events), len(found), start, has_times)


def read(payload: LogPayload) -> Iterator[Event]:
    raw = payloads.unpack(payload.response_raw)
    arrived = payloads.unpack_timings(payload.timings)
    # What was unpacked, cut or redacted has other places than what arrived.
    is_timed = sum(size for _, size in arrived) == len(raw) and not payload.response_cut
    last_ms: float | None = None
    for number, (name, data, at_ms) in enumerate(
        _decoded(raw, arrived if is_timed else [(None, len(raw))]), 1
    ):
        gap_ms = None if at_ms is None or last_ms is None else at_ms - last_ms
        last_ms = at_ms
        yield Event(number, name, data.decode("utf-8", "replace"), at_ms, gap_ms)


def _decoded(
    raw: bytes, arrived: list[tuple[int, int]] | list[tuple[None, int]]
) -> Iterator[tuple[str, bytes, float | None]]:
    decoder, place = Decoder(), 0
    at_ms: float | None = None
    for offset_us, size in arrived:
        at_ms = None if offset_us is None else offset_us / 1000
        for name, data in decoder.feed(raw[place : place + size]):
            yield name, data, at_ms
        place += size
    left = decoder.flush()
    if left is not None:
        yield *left, at_ms


def gaps(timings: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Beginnings and ends, in milliseconds, of the times in which a stream said nothing for long."""
    pairs = zip(timings, timings[1:], strict=False)
    return [(a / 1000, b / 1000) for (a, _), (b, _) in pairs if (b - a) / 1000 > LONG_GAP_MS]
