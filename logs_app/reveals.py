"""Who read what was said: an event for each reader and record, once a minute however often the page loads;
and who took or deleted how much of it.

Failure policy: the event is written before anything is shown; while it cannot be, nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache

from accounts.audit import actors, audit
from accounts.audit.audit import Actor

from .models import LogRecord, may_reveal

MINUTE_SECONDS = 60
MOST_NAMED = 200


def is_allowed(user: Any) -> bool:
    """To read what was said, not only that something was."""
    return may_reveal(user)


def note(request: Any, record: LogRecord) -> None:
    """`request` of Django or of REST framework; call it before the payload of `record` is shown. A withheld
    record shows none."""
    if record.is_withheld:
        return
    actor = actors.of(request)
    reader = f"{actor.kind}\0{actor.name}\0{record.pk}"
    key = f"reveal:{hashlib.sha256(reader.encode()).hexdigest()}"
    if cache.get(key):
        return
    target = ("record", record.pk, record.request_id)
    audit.record(actor, "record.reveal", target, request=request)
    cache.set(key, True, MINUTE_SECONDS)


def note_matches(request: Any, records: Iterable[LogRecord], matches: Iterable[Mapping[str, Any]]) -> None:
    """Of what a trial of redaction shows: each of the records that a match is cut out of, and no other."""
    shown = {match["record_id"] for match in matches}
    for record in records:
        if record.pk in shown:
            note(request, record)


def note_export(actor: Actor, form: str, filters: dict[str, Any], request: Any = None) -> None:
    """Of any number of records at once; call it before the first is read."""
    target = ("records", None, form)
    audit.record(actor, "record.export", target, request=request, detail={"format": form, "filters": filters})


def note_deletion(actor: Actor, ids: list[Any], filters: dict[str, Any], request: Any = None) -> None:
    """Call it before the first is gone. Of those that were chosen one by one it says which."""
    target = ("record", ids[0], "") if len(ids) == 1 else ("records", None, "")
    named = {"filters": filters} if filters or len(ids) > MOST_NAMED else {"ids": [str(id) for id in ids]}
    audit.record(actor, "record.delete", target, request=request, detail={"count": len(ids), **named})
