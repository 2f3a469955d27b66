"""What is summed up, as one integer with a lane of 64 bits for each figure: adding sums is one addition.

It may be negative where it is the difference of two; a stored sum never is, in any lane.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping
from typing import Any

from logs_app.models import Outcome
from logs_app.rollups import histogram

# `requests` counts each of the refusals that share a record, `records` does not.
COUNTERS = (
    "records", "requests", "errors", "cache_hits", "streams", "estimated", "priced", "cost_nanos",
    "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "cache_write_tokens",
    "reasoning_tokens", "audio_tokens", "image_tokens", "latency_us", "ttft_us",
)  # fmt: skip
TOKENS = tuple(name for name in COUNTERS if name.endswith("_tokens"))
BESIDE_TOKENS = ("image_count", "audio_seconds", "character_count")  # what else is charged
LATENCY = len(COUNTERS)
TTFT = LATENCY + histogram.BUCKETS
RELAY = TTFT + histogram.BUCKETS
PACE = RELAY + histogram.BUCKETS  # tokens per second, in the buckets of the durations
_LATER = PACE + histogram.BUCKETS
# New lanes are added here, at the end: sums that were stored before read as zeros in them.
LATER = ("relay_us", "pace_milli", "saved_cost_nanos", "left_unused")
LANES = _LATER + len(LATER)
LANE_BYTES = 8
# A client that leaves is no error of anybody's.
ERRORS = frozenset((Outcome.FAILED, Outcome.UPSTREAM_TRUNCATED, Outcome.INTERRUPTED, Outcome.REJECTED))
_LANE = {name: lane for lane, name in enumerate(COUNTERS)} | {
    name: lane for lane, name in enumerate(LATER, _LATER)
}
_ZEROS = bytes(LANES * LANE_BYTES)
LEFT_UNUSED = 1 << (_LANE["left_unused"] * LANE_BYTES * 8)  # one more in this lane
# Columns of a record that `of` reads.
COLUMNS = (
    "repeats", "outcome", "is_cached", "is_streaming", "usage_estimated", "cost_nanos",
    "saved_cost_nanos", "latency_ms",
    "ttft_ms", "relay_ms", "tokens_per_second", *TOKENS, *BESIDE_TOKENS,
)  # fmt: skip


def of(record: Mapping[str, Any]) -> int:
    """Refused calls count, but their times would hide those of the others."""
    lanes = array("Q", _ZEROS)
    repeats = record["repeats"] or 1
    counted = {
        "records": 1,
        "requests": repeats,
        "errors": repeats if record["outcome"] in ERRORS else 0,
        "cache_hits": 1 if record["is_cached"] else 0,
        "streams": 1 if record["is_streaming"] else 0,
        "estimated": 1 if record["usage_estimated"] else 0,
        "priced": 0 if record["cost_nanos"] is None else 1,
        "cost_nanos": record["cost_nanos"] or 0,
        "saved_cost_nanos": record["saved_cost_nanos"] or 0,
        "left_unused": 1 if _is_left_unused(record) else 0,
    }
    for name, value in counted.items():
        lanes[_LANE[name]] = value
    for name in TOKENS:
        lanes[_LANE[name]] = record[name] or 0
    if record["outcome"] != Outcome.REJECTED:
        _time(lanes, "latency_us", LATENCY, record["latency_ms"])
        _time(lanes, "ttft_us", TTFT, record["ttft_ms"])
        _time(lanes, "relay_us", RELAY, record["relay_ms"])
        _time(lanes, "pace_milli", PACE, record["tokens_per_second"])
    return int.from_bytes(lanes.tobytes(), "little")


def _is_left_unused(record: Mapping[str, Any]) -> bool:
    """The client left before anything was known that could be charged: no price will ever change that."""
    is_left = record["outcome"] == Outcome.CLIENT_DISCONNECTED
    return is_left and all(record[name] is None for name in ("cost_nanos", *TOKENS, *BESIDE_TOKENS))


def _time(lanes: array[int], name: str, histogram_lane: int, milliseconds: float | None) -> None:
    """The sum in thousandths, and one more in the histogram's bucket."""
    if milliseconds is not None:
        duration = max(milliseconds, 0.0)
        lanes[_LANE[name]] = round(duration * 1000)
        lanes[histogram_lane + histogram.bucket(duration)] = 1


def pack(figures: int) -> bytes:
    return zlib.compress(figures.to_bytes(LANES * LANE_BYTES, "little"), 1)


def unpack(stored: bytes | memoryview) -> int:
    """Without lanes that a later version knows, such as the one of the machine beside this."""
    return int.from_bytes(zlib.decompress(stored)[: LANES * LANE_BYTES], "little")


def records_in(stored: bytes | memoryview) -> int:
    """Only how many: it is the first lane, and the others need not be unpacked for it."""
    first = zlib.decompressobj().decompress(stored, LANE_BYTES)
    return int.from_bytes(first, "little")


class Sums:
    """The figures of a sum by name."""

    def __init__(self, figures: int) -> None:
        self._lanes = array("Q", figures.to_bytes(LANES * LANE_BYTES, "little"))

    def __getitem__(self, name: str) -> int:
        return self._lanes[_LANE[name]]

    @property
    def known_cost(self) -> int | None:
        """In nano dollars. None: nothing of it has a price."""
        return self["cost_nanos"] if self["priced"] else None

    @property
    def unpriced(self) -> int:
        """Of calls that had something to charge: one that was refused, failed or left early costs nothing."""
        return max(0, self["records"] - self["priced"] - self["errors"] - self["left_unused"])

    @property
    def latencies(self) -> array[int]:
        """Counts by bucket of `histogram`."""
        return self._lanes[LATENCY:TTFT]

    @property
    def ttfts(self) -> array[int]:
        return self._lanes[TTFT:RELAY]

    @property
    def relay_times(self) -> array[int]:
        return self._lanes[RELAY:PACE]

    @property
    def paces(self) -> array[int]:
        return self._lanes[PACE:_LATER]
