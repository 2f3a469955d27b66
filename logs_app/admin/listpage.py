"""The list of records: filtered by its address, live, and fast however many there are."""

from __future__ import annotations

from typing import Any

import orjson
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from logs_app import reveals, search
from logs_app.admin import filterbar
from logs_app.admin.using import formats_for
from logs_app.events import feed
from logs_app.finding.filters import LONGEST_SEARCH, RecordFilters
from logs_app.finding.moments import moment
from logs_app.finding.paging import UncountedPaginator
from logs_app.models import LogRecord, LogRecordQuerySet
from logs_app.presentation import listing


class Page(ChangeList):
    def get_filters_params(self, params: Any = None) -> Any:
        given = super().get_filters_params(params)
        return {name: value for name, value in given.items() if name not in RecordFilters().fields}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        visible = self.model_admin.get_queryset(request)
        self.root_queryset = RecordFilters.among(request.GET.dict()).narrow(visible)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = self.paginator.page(self.page_num).object_list
        self.full_result_count = self.result_count  # neither is a count, so none is shown beside the search


class Listing(admin.ModelAdmin):
    """Of the page of records."""

    list_display = ["created_at"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = None
    search_fields = ["request_id"]

    def get_queryset(self, request: HttpRequest) -> LogRecordQuerySet:
        return LogRecord.objects.visible_to(request.user)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Page

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        given, reasons = filterbar.usable(request.GET)
        if "search" in given and not reveals.is_allowed(request.user):
            del given["search"]
            reasons.append(str(_("words: you may not read what was said.")))
        for reason in reasons:
            messages.warning(request, _("Left out: %s") % reason)
        if reasons or given.urlencode() != request.GET.urlencode():
            return HttpResponseRedirect(f"?{given.urlencode()}")
        if self.has_view_permission(request):
            extra_context = self._context(request) | (extra_context or {})
        return super().changelist_view(request, extra_context)

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        given = request.GET
        words = given.get(filterbar.SEARCH) or given.get("search")
        is_live = not words and given.get(filterbar.PAGE, "1") == "1"
        return {
            "title": _("Logs"),
            "formats": formats_for(request),
            "may_read": reveals.is_allowed(request.user),
            "may_compare": request.user.has_perms(("logs_app.view_payload", "logs_app.add_logrecord")),
            "bar": filterbar.of(request),
            "words": given.get(filterbar.SEARCH, ""),
            "behind": search.behind(LogRecord.objects.db) if words else 0,
            # Asked before the rows are: what is recorded in between comes twice, and is shown once.
            "position": orjson.dumps(feed.newest()).decode() if is_live else "",
            "is_over": "until" in given and moment(given["until"]) <= timezone.now(),
            "live_query": given.urlencode(),
            "may_delete": request.user.has_perm("logs_app.delete_logrecord"),
        }

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[LogRecordQuerySet, bool]:
        text = search_term.strip()[:LONGEST_SEARCH]
        if not text:
            return queryset, False
        called_so = queryset.with_request_id(text)
        if not reveals.is_allowed(request.user):
            return called_so, False
        return (called_so if called_so.exists() else search.narrow(queryset, text)), False

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **options: Any
    ) -> UncountedPaginator:
        page = request.GET.get(filterbar.PAGE, "1")
        number = int(page) if page.isdecimal() else 1
        return UncountedPaginator(queryset, per_page, number, listing.COLUMNS)
