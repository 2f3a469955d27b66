"""What can be done with many records on their page: an export of the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import path

from logs_app import reveals
from logs_app.exporting import FORMATS, Format, responses


def formats_for(request: HttpRequest) -> list[Format]:
    """Who may not read what was said takes none of it home."""
    may_read = reveals.is_allowed(request.user)
    return [form for form in FORMATS.values() if may_read or not form.has_content]


def format_for(request: HttpRequest, name: str) -> Format:
    form = FORMATS.get(name)
    if form is None:
        raise Http404
    if form not in formats_for(request):
        raise PermissionDenied
    return form


class Using(admin.ModelAdmin):
    """Of the page of records."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export), name="logs_app_logrecord_export"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is filtered, all its pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.copy()
        form = format_for(request, str(given.pop("format", ["jsonl"])[-1]))
        request.GET = given  # type: ignore[assignment]
        records: Any = self.get_changelist_instance(request).get_queryset(request)
        return responses.answer(request, records, form, given.dict())
