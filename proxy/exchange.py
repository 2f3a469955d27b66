"""One call of a client while it lives in memory, and what the journal is told about it.

Every method that tells the journal is plain and synchronous: it can be called while a task is being
cancelled, and `close` is, in `finally`. Failure policy: never break the client for a record.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from accounts import loglevels
from logs_app import identifiers
from logs_app.journal.journal import Journal

from . import headers
from .configuration.configuration import Key, Route
from .errors import RelayError
from .limits.limiter import Taken
from .request.parsing import Call

if TYPE_CHECKING:
    from .cache.plan import Plan

PART_BYTES = 256 * 1024


class Exchange:
    __slots__ = (
        "_aborted_as", "_began_ns", "_created_us", "_first_byte_us", "_journal", "_relay_ns",
        "aborted_by", "attempts", "cache_headers", "caching", "call", "edits", "error", "has_begun_upload",
        "has_reached_provider", "held_bytes", "id", "is_cached", "is_handed_on", "is_open", "key",
        "limit_headers", "lineage", "model_sent", "only_provider", "outcome", "parent", "quota_use",
        "request_id", "route", "status", "taken", "task", "timer", "wants_cache",
    )  # fmt: skip

    def __init__(self, journal: Journal, call: Call, route: Route | None = None) -> None:
        self._journal = journal
        self._began_ns = time.monotonic_ns()
        self._created_us = time.time_ns() // 1000
        self._first_byte_us: int | None = None
        self._relay_ns: int | None = None  # spent here, not waiting for the provider or the client
        self.is_open = False
        self.id = identifiers.uuid7()
        self.request_id = identifiers.as_text(self.id)
        self.call = call
        self.route = route
        self.parent: str | None = None  # the record that this call belongs to or repeats
        self.lineage: str | None = None  # how it came of its parent: processor, replay, revalidation
        self.key: Key | None = None
        self.only_provider: str | None = None  # the one that may serve it, by its key
        self.model_sent: str | None = None
        self.attempts: list[dict[str, Any]] = []
        self.edits: list[dict[str, Any]] = []
        self.status: int | None = None
        self.outcome = "completed"
        self.error: RelayError | None = None
        self.aborted_by: RelayError | None = None  # the relay itself wants this exchange to end
        self._aborted_as = "interrupted"
        self.task = asyncio.current_task()
        self.timer: asyncio.TimerHandle | None = None
        self.taken: Taken | None = None  # from the limits of its key and project
        self.limit_headers: headers.RawHeaders = []
        self.cache_headers: headers.RawHeaders = []
        self.caching: Plan | None = None  # what the cache has to do with it, if anything
        self.wants_cache = False  # although it has a lineage: a replay that was told to
        self.is_cached = False  # a stored answer is what the client gets
        self.is_handed_on = False  # its client has left, and others wait for what it asked
        self.quota_use: Future[bool] | None = None  # whether a use was taken
        self.has_reached_provider = False  # also when that cannot be known
        self.has_begun_upload = False  # a body that travels in parts cannot be sent a second time
        self.held_bytes = 0  # of the request body and of an answer held back, in memory

    @property
    def offset_us(self) -> int:
        return (time.monotonic_ns() - self._began_ns) // 1000

    def open(self) -> None:
        """Before the provider is called: from here on there will be a record, whatever happens."""
        if self.is_open:
            return
        body = self.call.body or b""
        is_split = len(body) > PART_BYTES
        self._journal.opened(self.id, self._head() | self._reservation(), b"" if is_split else body)
        self.is_open = True
        if is_split:
            for start in range(0, len(body), PART_BYTES):
                self.take_upload(body[start : start + PART_BYTES])

    def take_upload(self, part: bytes) -> None:
        self._journal.request_part(self.id, self.offset_us, part)

    def tell_sent(self, body: bytes) -> None:
        """The body that goes to the provider, where `edits` cannot tell how it came of the client's."""
        self._journal.sent(self.id, self.offset_us, body)

    async def tap_upload(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.has_begun_upload = True
        async for part in parts:
            self.take_upload(part)
            yield part

    def begin_attempt(self, provider: str, model: str | None, key: str) -> dict[str, Any]:
        """An entry for the record, to be filled in by who tries; `key` is the end of the one that is used."""
        attempt = {
            "provider": provider,
            "status": None,
            "error": None,
            "message": None,
            "model": model,
            "key": key,
            "started_us": self.offset_us,
            "latency_us": 0,
        }
        self.attempts.append(attempt)
        return attempt

    def answer(self, status: int, raw_headers: headers.RawHeaders, provider: str | None = None) -> None:
        self.status = status
        self._relay_ns = (self.offset_us - self._waited_us()) * 1000
        shown = headers.to_text(raw_headers)
        meta = {"status": status, "headers": shown, "provider": provider, "model_sent": self.model_sent}
        if self.is_cached:
            meta["cached"] = True
        self._journal.answered(self.id, self.offset_us, meta | {"edits": self.edits})

    def take_part(self, part: bytes) -> None:
        began_ns = time.monotonic_ns()
        offset_us = (began_ns - self._began_ns) // 1000
        if self._first_byte_us is None:
            self._first_byte_us = offset_us
        self._journal.part(self.id, offset_us, part)
        if self._relay_ns is not None:
            self._relay_ns += time.monotonic_ns() - began_ns

    def refuse(self, error: RelayError) -> dict[str, Any]:
        """A known key's call that never got as far as the provider: what its record says, metadata only."""
        self.outcome, self.error, self.status = "rejected", error, error.status
        meta = {"status": error.status, "error_code": error.code, "error_message": error.message}
        return self._head() | meta

    def fail(self, outcome: str, error: RelayError) -> None:
        self.outcome, self.error = outcome, error

    def abort(self, error: RelayError, outcome: str) -> None:
        """The relay ends this exchange; the cancelled task says `error` to the client if it still can."""
        self.aborted_by, self._aborted_as = error, outcome
        if self.task is not None:
            self.task.cancel()

    def break_off(self) -> None:
        """The exchange ends before its answer was whole."""
        if self.aborted_by is not None:
            self.fail(self._aborted_as, self.aborted_by)
        else:
            self.outcome = "client_disconnected"

    def close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        offset_us = self.offset_us
        meta = {
            "outcome": self.outcome,
            "status": self.status,
            "error_code": self.error.code if self.error else None,
            "error_message": self.error.message if self.error else None,
            "latency_us": offset_us,
            "ttfb_us": self._first_byte_us,
            "relay_us": None if self._relay_ns is None else self._relay_ns // 1000,
            "attempts": self.attempts,
            "edits": self.edits,
        }
        self._journal.closed(self.id, offset_us, meta)

    def _waited_us(self) -> int:
        """From the first try to the end of the last, pauses between them included."""
        if not self.attempts:
            return 0
        first, last = self.attempts[0], self.attempts[-1]
        return last["started_us"] + last["latency_us"] - first["started_us"]

    def _reservation(self) -> dict[str, Any]:
        """From here on the recorder settles the tokens, also when this process dies."""
        if self.taken is None:
            return {}
        self.taken.settles = True
        return {"reservation": self.taken.reservation}

    def _head(self) -> dict[str, Any]:
        call, key = self.call, self.key
        project = key.project if key else None
        return {
            "created_us": self._created_us,
            "method": call.method,
            "path": call.asked_path or call.path,
            "upstream_path": call.path if call.asked_path else None,
            "query": call.query,
            "endpoint": call.endpoint.template,
            "client_ip": call.client_ip,
            "headers": headers.for_record(call.headers),
            "model": call.model,
            "is_streaming": call.is_streaming,
            "body_streamed": call.upload is not None,
            "key": key and {"id": key.id, "kind": key.kind, "name": key.name, "prefix": key.prefix},
            "project": project and {"id": project.id, "name": project.name},
            "log": loglevels.lowest(key.log_level if key else None, _asked_level(call)),
            "route": self.route and self.route.name,
            "parent": self.parent,
            "lineage": self.lineage,
        }


def _asked_level(call: Call) -> str:
    """A client may have less recorded than its key allows, never more."""
    return headers.first(call.headers, b"x-relay-log").decode("latin-1").strip().lower()
