"""What is done with records that were chosen in the list: exported, or deleted for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.audit import actors
from logs_app import removal, reveals
from logs_app.admin import filterbar
from logs_app.admin.using import Using, format_for
from logs_app.exporting import responses
from logs_app.models import LogRecord

# More at once than one page of the browser may wait for.
MOST_DELETED = 10_000
DELETE = "delete"
COMPARE = "compare"


class Selecting(Using):
    """Of the page of records. `id` names the chosen ones; with `all` those that fit the filters are meant."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.selected))
        return [path("selected/", view, name="logs_app_logrecord_selected"), *super().get_urls()]

    def selected(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        given, _reasons = filterbar.usable(QueryDict(request.POST.get("filters", "")))
        records = self._chosen(request, given)
        if request.POST.get("action") == DELETE:
            return self._delete(request, records, given)
        if request.POST.get("action") == COMPARE:
            ids = urlencode({"id": [str(id) for id in ids_in(request.POST.getlist("id"))]}, doseq=True)
            return HttpResponseRedirect(f"{reverse('compare')}?{ids}")
        form = format_for(request, request.POST.get("action", ""))
        return responses.answer(request, records, form, {"ids": request.POST.getlist("id")})

    def _chosen(self, request: HttpRequest, given: QueryDict) -> Any:
        if "all" in request.POST:
            request.GET = given  # type: ignore[assignment]
            return self.get_changelist_instance(request).queryset
        return self.get_queryset(request).filter(pk__in=list(ids_in(request.POST.getlist("id"))))

    def _delete(self, request: HttpRequest, records: Any, given: QueryDict) -> HttpResponse:
        if not request.user.has_perm("logs_app.delete_logrecord"):
            raise PermissionDenied
        ids = list(records.order_by("pk").values_list("pk", flat=True)[: MOST_DELETED + 1])
        back = f"{reverse('admin:logs_app_logrecord_changelist')}?{given.urlencode()}"
        if not ids:
            messages.info(request, _("Nothing was chosen."))
            return HttpResponseRedirect(back)
        if "confirmed" not in request.POST:
            return self._ask(request, ids, given, back)
        return self._remove(request, ids[:MOST_DELETED], given, back)

    def _ask(self, request: HttpRequest, ids: list[UUID], given: QueryDict, back: str) -> HttpResponse:
        ends = LogRecord.objects.filter(pk__in=(ids[0], ids[-1])).order_by("pk")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete records"),
            "opts": self.opts,
            "count": min(len(ids), MOST_DELETED),
            "has_more": len(ids) > MOST_DELETED,
            "ids": [] if "all" in request.POST else ids,
            "chips": filterbar.chips(given) if "all" in request.POST else [],
            "filters": given.urlencode(),
            "oldest": ends.first(),
            "newest": ends.last(),
            "back": back,
        }
        return TemplateResponse(request, "admin/logs_app/logrecord/delete.html", context)

    def _remove(self, request: HttpRequest, ids: list[UUID], given: QueryDict, back: str) -> HttpResponse:
        filters = given.dict() if "all" in request.POST else {}
        reveals.note_deletion(actors.of(request), ids, filters, request)
        count = removal.remove_many(ids, LogRecord.objects.db)
        words = ngettext("%d record was deleted.", "%d records were deleted.", count) % count
        messages.success(request, words)
        return HttpResponseRedirect(back)


def ids_in(texts: Iterable[str]) -> Iterable[UUID]:
    """What is no id is none."""
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue
