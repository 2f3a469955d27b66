"""An export as the answer to a request, made while it is read.

It works in the request's own thread, a portion at a time, and only as fast as the client reads; a client that
leaves ends it after the portion of the moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts.audit import actors
from logs_app import reveals
from logs_app.exporting import Format, stream
from logs_app.models import LogRecordQuerySet


def answer(
    request: Any, records: LogRecordQuerySet, form: Format, filters: dict[str, Any]
) -> StreamingHttpResponse:
    """`records` are those that `request` may see. Who asked for what is in the audit log before the first."""
    if form.has_content:
        records.refuse_withheld()
    reveals.note_export(actors.of(request), form.name, filters, request)
    parts = stream(records, form)
    is_async = isinstance(getattr(request, "_request", request), ASGIRequest)
    response = StreamingHttpResponse(_in_thread(parts) if is_async else parts, content_type=form.content_type)
    name = f"records-{timezone.now():%Y%m%d-%H%M%S}.{form.extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _in_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await sync_to_async(_taken)(parts)) is not None:
        yield part


def _taken(parts: Iterator[bytes]) -> bytes | None:
    return next(parts, None)
