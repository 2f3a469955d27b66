"""The page of one record, and what its parts are fetched from.

What was said is hostile, whoever said it: it is escaped, sanitised or shown as JSON by our own script, and
what a browser might run by itself leaves here with a policy that lets it do nothing.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.ownaddress import base_url
from logs_app import reveals
from logs_app.admin.recordtabs import FIRST, FIRST_WITHOUT, TABS
from logs_app.conversation import wording
from logs_app.conversation.turns import Media, Part
from logs_app.models import LogRecord
from logs_app.presentation import byteranges, elision, markdown, onerecord, presentation, sides, snippets
from logs_app.presentation.marks import marked
from logs_app.recordpage import absences, comparing, explanation, flying, neighbours, pictures, reading

LOCKED = "default-src 'none'; sandbox"
# Markdown beyond this is shown as it was written.
RENDERED_CHARACTERS = 200_000
SIDES = ("request", "sent", "response", "delivered", "raw")


class RecordPage(admin.ModelAdmin):
    """Of the page of records."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<str:pk>/part/<int:number>/", view(self.part), name="logs_app_logrecord_part"),
            path("<str:pk>/media/<int:number>/", view(self.media_file), name="logs_app_logrecord_media"),
            path("<str:pk>/body/<str:side>/", view(self.body), name="logs_app_logrecord_body"),
            path("<str:pk>/beside/<str:other>/", view(self.two_beside), name="logs_app_logrecord_beside"),
            path("<str:pk>/program/<str:language>/", view(self.program), name="logs_app_logrecord_program"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            record = onerecord.found(LogRecord.objects.visible_to(request.user), object_id)
        except Http404:
            return self._open_call(request, object_id)
        may_read = reveals.is_allowed(request.user)
        tabs = [tab for tab in TABS.values() if may_read or not tab.reveals]
        wanted = request.GET.get("tab", "")
        chosen = next((tab for tab in tabs if tab.name == wanted), TABS[FIRST if may_read else FIRST_WITHOUT])
        if chosen.reveals:
            reveals.note(request, record)
        beside = neighbours.of(record, LogRecord.objects.visible_to(request.user))
        context = {
            **self.admin_site.each_context(request),
            "title": str(record),
            "opts": self.opts,
            "record": record,
            "original": record,
            "tabs": tabs,
            "tab": chosen,
            "may_read": may_read,
            "beside": beside,
            "explanation": explanation.of(record),
            "absences": absences.of(record),
            **chosen.prepare(request, record, beside),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/logs_app/logrecord/record.html", context)

    def _open_call(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The page of a call that goes on, which becomes that of its record. Raises Http404."""
        id = flying.named(pk)
        flight = flying.find(id) if id else None
        if id is None or (flight is None and not flying.is_young(id)):
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("An open call"),
            "opts": self.opts,
            "id": str(id),
            "flight": flight,
            "started": flight.started_us // 1000 if flight else None,
        }
        return TemplateResponse(request, "admin/logs_app/logrecord/open.html", context)

    def two_beside(self, request: HttpRequest, pk: str, other: str) -> HttpResponse:
        """Two records: a call and its replay, or what two ways of asking came to."""
        before, after = _revealed(request, pk), _revealed(request, other)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Side by side"),
            "opts": self.opts,
            "records": [("A", before), ("B", after)],
            **comparing.of(before, after),
        }
        return TemplateResponse(request, "admin/logs_app/logrecord/beside.html", context)

    def part(self, request: HttpRequest, pk: str, number: int) -> HttpResponse:
        """All of one part of the conversation: as it was written, or with `?shown` as the page shows it."""
        text = wording.of(_part(_revealed(request, pk), number))
        if "shown" not in request.GET:
            return _plain(text)
        if len(text) <= RENDERED_CHARACTERS:
            return _locked(HttpResponse(markdown.render(text)))
        return _locked(HttpResponse(format_html('<pre class="code wrap">{}</pre>', marked(text))))

    def media_file(self, request: HttpRequest, pk: str, number: int) -> HttpResponse:
        record = _revealed(request, pk)
        part = _part(record, number)
        file = pictures.of(part) if isinstance(part, Media) else None
        if file is None:
            raise Http404
        response = _locked(HttpResponse(file.content, content_type=file.content_type))
        how = "inline" if file.is_shown else "attachment"
        ending = file.content_type.partition("/")[2] if file.is_shown else "bin"
        response["Content-Disposition"] = f'{how}; filename="{record.pk}-{number}.{ending}"'
        return byteranges.narrowed(request, response)

    def body(self, request: HttpRequest, pk: str, side: str) -> HttpResponse:
        """One of the sides; without `?whole` what nobody reads, vectors and files, is left out of it."""
        record = _revealed(request, pk)
        if side not in SIDES:
            raise Http404
        value = _side(record, side)
        if value is None:
            raise Http404
        is_text = isinstance(value, str)
        if not is_text and "whole" not in request.GET:
            value = elision.elided(value)
        response = _plain(value) if is_text else _json(value)
        if "download" in request.GET:
            ending = "txt" if is_text else "json"
            response["Content-Disposition"] = f'attachment; filename="{record.pk}-{side}.{ending}"'
        return byteranges.narrowed(request, response)

    def program(self, request: HttpRequest, pk: str, language: str) -> HttpResponse:
        """The same call again, as a program: all of it."""
        write = snippets.LANGUAGES.get(language)
        if write is None:
            raise Http404
        return _plain(write(_revealed(request, pk), base_url(request)))


def _revealed(request: HttpRequest, pk: str) -> LogRecord:
    if not reveals.is_allowed(request.user):
        raise PermissionDenied
    return onerecord.revealed(request, LogRecord.objects.visible_to(request.user), pk)


def _part(record: LogRecord, number: int) -> Part:
    parts = reading.read(record).parts
    if number >= len(parts):
        raise Http404
    return parts[number]


def _side(record: LogRecord, side: str) -> Any:
    payload = record.payload
    match side:
        case "sent":
            return sides.sent(record, payload)
        case "response":
            return presentation.response_body(payload)
        case "delivered":
            return sides.delivered(record, payload)
        case "raw":
            return presentation.response_raw(payload)
    return presentation.request_body(payload)


def _plain(text: str) -> HttpResponse:
    return _locked(HttpResponse(text, content_type="text/plain; charset=utf-8"))


def _json(value: Any) -> HttpResponse:
    try:
        content = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:  # integers over 64 bits
        content = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    return _locked(HttpResponse(content, content_type="application/json"))


def _locked(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = LOCKED
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
