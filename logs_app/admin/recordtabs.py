"""The tabs of a record's page: what each needs, which is made only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import router
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.ownaddress import base_url
from logs_app import reveals
from logs_app.models import LogRecord
from logs_app.presentation import onerecord, presentation, sides, snippets
from logs_app.pricing import reading as prices
from logs_app.recordpage import charges, events, excerpts, reading, story, timeline
from logs_app.recordpage.neighbours import Neighbours

Context = dict[str, Any]
Prepare = Callable[[HttpRequest, LogRecord, Neighbours], Context]
# Of a program.
WRITTEN_BYTES, SHOWN_CODE = 256 * 1024, 8000


@dataclass(frozen=True, slots=True)
class Tab:
    """`reveals`: it shows what was said, which is a permission and leaves a trace."""

    name: str
    title: Any
    prepare: Prepare
    reveals: bool = True

    @property
    def template(self) -> str:
        return f"admin/logs_app/logrecord/tabs/{self.name}.html"


def _conversation(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    conversation = reading.read(record)
    asked, answered = excerpts.of(conversation, all_turns="turns" in request.GET)
    return {"conversation": conversation, "asked": asked, "answered": answered}


def _body(side: str) -> Prepare:
    def prepare(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
        return {"side": side}

    return prepare


def _stream(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    start = request.GET.get("start", "")
    words = request.GET.get("q", "")[:200]
    is_stream = record.payload.response_raw is not None
    page = events.page(record.payload, words, int(start) if start.isdecimal() else 0) if is_stream else None
    return {"events": page, "words": words, "side": "response"}


def _timeline(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    return {"timeline": timeline.of(record, neighbours.helpers)}


def _headers(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    payload = record.payload
    given = [(_("Request"), payload.request_headers), (_("Response"), payload.response_headers)]
    return {"headers": [(title, presentation.headers(stored).items()) for title, stored in given]}


def _sides(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    payload = record.payload
    return {
        "edits": [(edit, story.described(edit)) for edit in record.edits],
        "sent_differs": sides.sent(record, payload) is not None,
        "delivered_differs": sides.delivered(record, payload) is not None,
    }


def _cost(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    using = router.db_for_read(LogRecord)
    return {"breakdown": charges.of(record, lambda: prices.read(using)), "usage": record.payload.usage}


def _session(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    before = onerecord.previous(record, LogRecord.objects.visible_to(request.user))
    if before is None:
        return {}
    reveals.note(request, before)
    return {"before": before, "comparison": onerecord.continued(record, before)}


def _use(request: HttpRequest, record: LogRecord, neighbours: Neighbours) -> Context:
    """Of a request of megabytes a program takes seconds to write: it is written when it is wanted."""
    address, is_long = base_url(request), record.request_bytes > WRITTEN_BYTES
    written = [
        (name, "" if is_long else write(record, address)) for name, write in snippets.LANGUAGES.items()
    ]
    return {
        "programs": [(name, code[:SHOWN_CODE], max(len(code) - SHOWN_CODE, 0)) for name, code in written],
        "is_long": is_long,
    }


TABS = {
    tab.name: tab
    for tab in (
        Tab("conversation", _("Conversation"), _conversation),
        Tab("request", _("Request"), _body("request")),
        Tab("response", _("Response"), _body("response")),
        Tab("stream", _("Stream"), _stream),
        Tab("timeline", _("Timeline"), _timeline, reveals=False),
        Tab("headers", _("Headers"), _headers),
        Tab("sides", _("Sides and edits"), _sides),
        Tab("cost", _("Cost"), _cost, reveals=False),
        Tab("session", _("Session"), _session),
        Tab("use", _("Use"), _use),
    )
}
FIRST, FIRST_WITHOUT = "conversation", "timeline"
