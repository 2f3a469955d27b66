"""One call through the lane of this process, by a key that is known already, and its record at once.

It is a call like any other: policy, limits and quota of its key hold for it, the journal has it before a byte
goes out, and the recorder records it. What is returned is made of the same entries in the same way.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import Missing
from logs_app.assembly import Rows, assemble
from logs_app.assembly.transcript import Piece
from logs_app.journal.overhearing import Overheard
from logs_app.models import LogPayload, LogRecord
from proxy import runtime, views
from proxy.configuration.configuration import Key, Route, Snapshot
from proxy.delivery import delivery
from proxy.delivery.bodies import Broken, Delivery
from proxy.exchange import PART_BYTES, Exchange
from proxy.headers import RawHeaders
from proxy.replay.originals import Original
from proxy.request import parsing
from proxy.request.parsing import Call
from proxy.routing import routes

LINEAGE = "replay"
TAGS = b"x-relay-tags"
Assemble = Callable[[bytes, list[Piece]], Rows]


@dataclass(frozen=True, slots=True)
class Question:
    original: Original
    body: bytes
    key: Key
    provider: str | None = None
    wants_cache: bool = False  # it may be answered and kept like a client's call


async def ask(question: Question, assembled: Assemble) -> LogRecord:
    """The record of the new call. Raises Missing when the lane refused it before it was one."""
    lane = await runtime.current()
    overheard = Overheard(lane.journal)
    original = question.original
    route = _route(original, lane.snapshots.current)
    exchange = Exchange(overheard, _call(question, routes.version_prefix(route)), route)
    exchange.key, exchange.only_provider = question.key, question.provider
    exchange.parent, exchange.lineage, exchange.wants_cache = original.id, LINEAGE, question.wants_cache
    response = await views.answer(exchange, Whole(question.body), lane)
    await _hear_out(response.delivery)
    if not overheard.pieces:
        error = exchange.error
        raise Missing(error.message if error else _("The relay itself answers this path."), field=None)
    return _record(await sync_to_async(assembled)(exchange.id, overheard.pieces))


class Whole:
    """A body that is there."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def parts(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PART_BYTES):
            yield self._body[start : start + PART_BYTES]


def _route(original: Original, snapshot: Snapshot) -> Route | None:
    route = routes.named(snapshot.routes, original.route)
    if original.route is not None and route is None:
        raise Missing(
            _("The route '%(route)s' that this call took is gone.") % {"route": original.route}, field="route"
        )
    return route


def _call(question: Question, version_prefix: str) -> Call:
    original = question.original
    length = [(b"content-length", b"%d" % len(question.body))] if question.body else []
    return parsing.read_head(
        {
            "method": original.method,
            "path": original.path,
            "raw_path": quote(original.path).encode(),
            "query_string": original.query.encode(),
            "http_version": "1.1",
            "headers": [*_tagged(original.headers), *length],
        },
        version_prefix,
    )


def _tagged(headers: RawHeaders) -> RawHeaders:
    """As what it is, before the tags of the original: so it is found, and what it cost is told apart."""
    own = [value for name, value in headers if name == TAGS][:1]
    return [*(each for each in headers if each[0] != TAGS), (TAGS, b",".join([LINEAGE.encode(), *own]))]


async def _hear_out(answer: Delivery) -> None:
    """To the end, however it comes: the record says."""
    try:
        with suppress(Broken):
            async for _part in answer.parts():
                pass
    except asyncio.CancelledError:
        if not delivery.is_cancelled_by_relay(answer.exchange):
            raise
    finally:
        answer.close()


def assembling(**options: object) -> Assemble:
    """As the recorder does it; `options` are its prices and redaction."""

    def assembled(id: bytes, pieces: list[Piece]) -> Rows:
        return assemble(id, settings.NODE_ID, pieces, settings.LOG_MAX_BODY_BYTES, **options)  # type: ignore[arg-type]

    return assembled


def _record(rows: Rows) -> LogRecord:
    """Not saved: the recorder does that."""
    record = LogRecord(**rows.record | {"id": uuid.UUID(rows.record["id"])})
    record.payload = LogPayload(**rows.payload | {"record_id": record.pk})
    return record
