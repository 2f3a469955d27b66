"""How long it took, how much was used, and what it costs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from logs_app import counting
from logs_app.assembly import columns, usage
from logs_app.assembly.rows import Row
from logs_app.assembly.transcript import Transcript
from logs_app.assembly.usage import Usage
from logs_app.folding import Folded
from logs_app.identifiers import milliseconds_of
from logs_app.pricing import Book, charging

NO_USAGE = Usage()
# States of a response that goes on in the background.
UNFINISHED = ("queued", "in_progress")
# A stream that came in one burst has no speed worth telling.
SHORTEST_STREAM_US = 1000


def times(id: bytes, transcript: Transcript) -> Row:
    """Without its first entry an exchange still has the time in its id."""
    created_us = transcript.opened.get("created_us") or milliseconds_of(UUID(bytes=id)) * 1000
    latency_us = transcript.closed.get("latency_us", transcript.last_us)
    is_stream = transcript.is_event_stream
    return {
        "created_at": columns.moment(created_us),
        "finished_at": columns.moment(created_us + latency_us),
        "latency_ms": latency_us / 1000,
        "ttft_ms": columns.milliseconds(transcript.ttft_us),
        "longest_gap_ms": columns.milliseconds(transcript.longest_gap_us) if is_stream else None,
        "relay_ms": columns.milliseconds(transcript.closed.get("relay_us")),
    }


def tokens(transcript: Transcript, folded: Folded | None, request: Any) -> Row:
    used = (_used(transcript, folded, request) if folded is not None else None) or NO_USAGE
    return {
        "prompt_tokens": columns.count(used.prompt),
        "completion_tokens": columns.count(used.completion),
        "total_tokens": columns.count(used.total),
        "cached_tokens": columns.count(used.cached),
        "cache_write_tokens": columns.count(used.cache_write),
        "reasoning_tokens": columns.count(used.reasoning),
        "audio_tokens": columns.count(used.audio),
        "image_tokens": columns.count(used.image),
        "prompt_audio_tokens": columns.count(used.prompt_audio),
        "prompt_image_tokens": columns.count(used.prompt_image),
        "usage_estimated": used.estimated,
        "tokens_per_second": _speed(transcript, used.completion),
    }


def _used(transcript: Transcript, folded: Folded, request: Any) -> Usage | None:
    """Looking at a stored answer again, or cancelling it, uses nothing. One that was made in the background
    is counted when it is fetched: nobody else tells."""
    state = folded.body.get("status") if type(folded.body) is dict and folded.kind == "response" else None
    opened = transcript.opened
    if opened.get("method") == "GET" or (opened.get("path") or "").endswith("/cancel"):
        is_background = state is not None and folded.body.get("background") is True
        return usage.normalise(folded.usage) if is_background else None
    used = usage.normalise(folded.usage)
    if used is not None and folded.kind == "image":
        used = usage.drawn(used)
    if used is None and (transcript.status or 0) < 400 and state not in UNFINISHED:
        used = counting.estimate(request, folded)
    return used


def charges(transcript: Transcript, folded: Folded | None, record: Row, prices: Book) -> Row:
    """A stored answer costs nothing; what it would have cost is what was saved."""
    charged = cost(transcript, folded, record, prices)
    if not record["is_cached"]:
        return {**charged, "saved_cost_nanos": None}
    return {**charged, "cost_nanos": 0, "saved_cost_nanos": charged["cost_nanos"]}


def cost(transcript: Transcript, folded: Folded | None, record: Row, prices: Book) -> Row:
    """Of a record whose quantities and names are known. A price in the journal beats the provider's own bill,
    and that beats the book."""
    own = charging.own_rates(transcript.closed.get("price") or transcript.answered.get("price"))
    at: datetime = record["created_at"]
    is_counted = record["total_tokens"] is not None
    bill = charging.billed(folded.usage) if folded is not None and is_counted else None
    if own is None and bill is not None:
        return {"cost_nanos": bill, "price_version": charging.BILLED}
    return charging.charge(record, own or charging.rates_for(record, prices, at), is_own=own is not None)


def _speed(transcript: Transcript, completion: int | None) -> float | None:
    """Tokens a second from the first token to the last part of a stream."""
    if not completion or transcript.ttft_us is None or not transcript.timings:
        return None
    span_us = transcript.timings[-1][0] - transcript.ttft_us
    return round(completion * 1e6 / span_us, 3) if span_us >= SHORTEST_STREAM_US else None


def sizes(transcript: Transcript) -> Row:
    request_dropped, response_dropped = transcript.dropped
    return {
        "request_bytes": transcript.request.wire_bytes + request_dropped,
        "response_bytes": transcript.response.wire_bytes + response_dropped,
    }
