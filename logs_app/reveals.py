"""Who read what was said: an event for each reader and record, once a minute however often the page loads.

Failure policy: the event is written before anything is shown; while it cannot be, nothing is.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache

from accounts import actors, audit
from accounts.audit import Actor

from .models import LogRecord

MINUTE_SECONDS = 60


def note(request: Any, record: LogRecord) -> None:
    """`request` of Django or of REST framework; call it before the payload of `record` is shown."""
    actor = actors.of(request)
    reader = f"{actor.kind}\0{actor.name}\0{record.pk}"
    key = f"reveal:{hashlib.sha256(reader.encode()).hexdigest()}"
    if cache.get(key):
        return
    target = ("record", record.pk, record.request_id)
    audit.record(actor, "record.reveal", target, request=request)
    cache.set(key, True, MINUTE_SECONDS)


def note_export(actor: Actor, form: str, filters: dict[str, Any], request: Any = None) -> None:
    """Of any number of records at once; call it before the first is read."""
    target = ("records", None, form)
    audit.record(actor, "record.export", target, request=request, detail={"format": form, "filters": filters})
