"""What can be done with records on their pages: export a list, see one as a program and beside the last."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from logs_app import onerecord, reveals, snippets
from logs_app.exporting import FORMATS, responses
from logs_app.models import LogRecord


class Using(admin.ModelAdmin):
    """Of the page of records."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export), name="logs_app_logrecord_export"),
            path("<str:pk>/use/", view(self.use), name="logs_app_logrecord_use"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"formats": FORMATS.values()} | (extra_context or {}))

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is filtered, all its pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.copy()
        form = FORMATS.get(str(given.pop("format", ["jsonl"])[-1]))
        if form is None:
            raise Http404
        request.GET = given  # type: ignore[assignment]
        records = self.get_changelist_instance(request).get_queryset(request)
        return responses.answer(request, records, form, given.dict())

    def use(self, request: HttpRequest, pk: str) -> HttpResponse:
        visible = LogRecord.objects.visible_to(request.user)
        record = onerecord.revealed(request, visible, pk)
        before = onerecord.previous(record, visible)
        if before:
            reveals.note(request, before)
        base_url = onerecord.base_url(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Use of a record"),
            "opts": self.opts,
            "record": record,
            "programs": [(name, write(record, base_url)) for name, write in snippets.LANGUAGES.items()],
            "before": before,
            "comparison": onerecord.continued(record, before) if before else None,
        }
        return TemplateResponse(request, "admin/logs_app/logrecord/use.html", context)
