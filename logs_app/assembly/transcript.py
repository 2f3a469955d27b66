"""What the entries of one exchange say when they are read in order.

Meta of opened:   created_us, method, path, query, endpoint, client_ip, headers, model, is_streaming,
                  reservation {budgets, tokens, local_us, redis_us} of the limits of tokens,
                  key {id, kind, name, prefix}, project {id, name}, log (full, metadata or off),
                  body_streamed, upstream_path (where a route gives another),
                  parent (uuid of a record), lineage (processor, replay or revalidation)
Meta of answered: status, headers (as the client gets them), provider, model_sent, edits, price,
                  cached (a stored answer: nothing was sent on)
Meta of closed:   outcome, status, error_code, error_message, latency_us, ttfb_us, relay_us, edits, price,
                  attempts [{provider, model, key, status, error, message, started_us, latency_us}],
                  dropped [bytes of request, of response] that the journal found no room for
Meta of rejected: opened's, and status, error_code, error_message, count
`price`, in both, is what the provider's own configuration says that the model costs: see `pricing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from logs_app import folding
from logs_app.assembly.bodies import Body
from logs_app.folding import Folded, Folder
from logs_app.journal.journal import META_LENGTH
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART, REJECTED, REQUEST_PART, SENT

Meta = dict[str, Any]
Piece = tuple[int, int, bytes]  # kind, offset_us, payload
# An answer beyond this is kept (at both ends) but not put together: folding holds it in memory several times.
FOLDED_BYTES = 32 << 20


class Transcript:
    __slots__ = (
        "_folder", "_limit", "_may_fold", "_sent_us", "answered", "closed", "last_us", "longest_gap_us",
        "opened", "request", "response", "sent", "timings", "ttft_us",
    )  # fmt: skip

    def __init__(self, pieces: Iterable[Piece], limit: int, *, may_fold: bool) -> None:
        self.opened: Meta = {}
        self.answered: Meta = {}
        self.closed: Meta = {}
        self.request, self.sent, self.response = Body(limit), Body(limit), Body(limit)
        self.timings: list[tuple[int, int]] = []
        self.ttft_us: int | None = None
        self.last_us = 0
        self.longest_gap_us: int | None = None  # between two parts of the answer
        self._sent_us = -1
        self._limit, self._may_fold = limit, may_fold
        self._folder: Folder | None = None
        self.read(pieces)

    def read(self, pieces: Iterable[Piece]) -> None:
        """What comes next; all of it in one go, or as it is written."""
        for kind, offset_us, payload in pieces:
            self.last_us = offset_us
            if kind == PART:
                self._hear(offset_us, payload)
            elif kind == SENT:
                self._send(offset_us, payload)
            else:
                self._note(kind, payload)

    @property
    def status(self) -> Any:
        return self.closed.get("status") or self.answered.get("status")

    @property
    def provider(self) -> str | None:
        attempts = self.closed.get("attempts")
        return self.answered.get("provider") or (attempts[-1].get("provider") if attempts else None)

    @property
    def dropped(self) -> tuple[int, int]:
        request, response = self.closed.get("dropped", (0, 0))
        return request, response

    @property
    def is_event_stream(self) -> bool:
        return first_header(self.answered, "content-type").startswith("text/event-stream")

    @property
    def body_so_far(self) -> Any:
        """Of a stream that goes on; None before it said something."""
        return self._folder.body_so_far if self._folder else None

    def finish(self) -> Folded | None:
        """None when nothing was there to fold."""
        return self._folder.finish() if self._folder else None

    def _note(self, kind: int, payload: bytes) -> None:
        if kind == OPENED:
            end = META_LENGTH.size + META_LENGTH.unpack_from(payload)[0]
            self.opened = _decode(payload[META_LENGTH.size : end])
            self.request = Body(self._limit, first_header(self.opened, "content-encoding"))
            if len(payload) > end:
                self.request.add(payload[end:])
        elif kind == REQUEST_PART:
            self.request.add(payload)
        elif kind == ANSWERED:
            self.answered = _decode(payload)
            self.response = Body(self._limit, first_header(self.answered, "content-encoding"))
        elif kind == CLOSED:
            self.closed = _decode(payload)
        elif kind == REJECTED:
            self.opened = _decode(payload)
            self.closed = self.opened | {"outcome": "rejected"}

    def _send(self, offset_us: int, data: bytes) -> None:
        """Parts of one moment are one body; a later one was sent instead of it."""
        if offset_us != self._sent_us:
            self.sent, self._sent_us = Body(self._limit), offset_us
        self.sent.add(data)

    def _hear(self, offset_us: int, data: bytes) -> None:
        if not self.timings and self._may_fold and not self.response.is_packed:
            self._folder = self._start_folding()
        if self.timings:
            self.longest_gap_us = max(self.longest_gap_us or 0, offset_us - self.timings[-1][0])
        self.timings.append((offset_us, len(data)))
        unpacked = self.response.add(data)
        if self._folder is not None and self.response.size <= FOLDED_BYTES:
            self._folder.feed(unpacked)
            if self.ttft_us is None and self._folder.saw_token:
                self.ttft_us = offset_us

    def _start_folding(self) -> Folder:
        return folding.start(
            self.opened.get("upstream_path") or self.opened.get("path", ""),
            self.answered.get("status") or 200,
            first_header(self.answered, "content-type"),
            bool(self.opened.get("is_streaming")),
        )


def first_header(meta: Meta, wanted: str) -> str:
    for name, value in meta.get("headers", ()):
        if name == wanted:
            return value
    return ""


def _decode(meta: bytes) -> Meta:
    try:
        return orjson.loads(meta)
    except orjson.JSONDecodeError:
        return json.loads(meta)  # written past orjson: lone surrogates, huge integers
