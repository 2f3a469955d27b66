"""Request logs in the admin: read-only, and fast however many there are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from logs_app import elision, presentation, reveals, search, sides
from logs_app.admin import drawing, narrowing
from logs_app.admin.using import Using
from logs_app.filters import LONGEST_SEARCH
from logs_app.models import LogRecord, LogRecordQuerySet
from logs_app.paging import UncountedPaginator
from logs_app.pricing import money


class Page(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = self.paginator.page(self.page_num).object_list
        self.full_result_count = self.result_count  # neither is a count, so none is shown beside the search


@admin.register(LogRecord)
class LogRecordAdmin(Using):
    list_display = ["arrived", "asked", "ended", "tokens", "price", "latency", "caller"]
    list_filter = narrowing.filters()
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = None
    search_fields = ["request_id"]
    search_help_text = _("Words of the question or the answer, or an id of the call.")
    empty_value_display = drawing.EMPTY
    fieldsets = [
        (None, {"fields": [
            "call", ("shown_outcome", "status_code", "finish_reason"), "error", "fold_error",
            ("started", "latency", "ttft", "pace"), ("shown_cost", "relay_time", "log_level"),
            ("model", "model_sent", "model_served"), ("provider", "key", "project"), "shown_relatives",
        ]}),
        (_("Conversation"), {"fields": ["shown_request_preview", "shown_response_preview"]}),
        (_("Tokens"), {"fields": [
            ("prompt_tokens", "completion_tokens", "total_tokens"),
            ("cached_tokens", "cache_write_tokens", "reasoning_tokens"),
            ("audio_tokens", "image_tokens", "usage_estimated"),
            ("image_count", "audio_seconds", "character_count"), ("service_tier", "price_version"),
        ]}),
        (_("Attempts"), {"fields": ["shown_attempts"]}),
        (_("Request"), {"fields": ["request_headers", "request_body", "request_sent"]}),
        (_("Response"), {"fields": ["response_headers", "response_body"]}),
        (_("Response as sent"), {"fields": ["response_raw", "response_delivered"], "classes": ["collapse"]}),
        (_("Correlation"), {"fields": [
            "id", ("request_id", "client_request_id"), ("session", "end_user", "shown_tags"),
            ("trace_id", "prompt_fingerprint"), ("client_ip", "node", "seq"),
            ("request_bytes", "response_bytes", "repeats"), "shown_edits", "redactions",
        ], "classes": ["collapse"]}),
    ]  # fmt: skip

    class Media:
        css = {"all": ["logs_app/records.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> LogRecordQuerySet:
        return LogRecord.objects.visible_to(request.user)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Page

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.GET.get("q") and (behind := search.behind(LogRecord.objects.db)):
            messages.info(request, _("The newest %d records cannot be found by their words yet.") % behind)
        return super().changelist_view(request, {"title": _("Request logs")} | (extra_context or {}))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[LogRecordQuerySet, bool]:
        text = search_term.strip()[:LONGEST_SEARCH]
        if not text:
            return queryset, False
        called_so = queryset.with_request_id(text)
        return (called_so if called_so.exists() else search.narrow(queryset, text)), False

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **options: Any
    ) -> UncountedPaginator:
        page = request.GET.get("p", "1")
        return UncountedPaginator(queryset, per_page, int(page) if page.isdecimal() else 1)

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            reveals.note(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Columns of the list

    @admin.display(description=_("started"))
    def arrived(self, record: LogRecord) -> SafeString:
        moment = localtime(record.created_at)
        return drawing.stacked(date_format(moment, "H:i:s"), date_format(moment, "Y-m-d"))

    @admin.display(description=_("call"))
    def asked(self, record: LogRecord) -> SafeString:
        text = record.request_preview or f"{record.method} {record.path}"
        return drawing.stacked(record.model or record.endpoint, Truncator(text).chars(160))

    @admin.display(description=_("outcome"))
    def ended(self, record: LogRecord) -> SafeString:
        return drawing.stacked(self.shown_outcome(record), record.status_code or drawing.EMPTY)

    @admin.display(description=_("tokens"))
    def tokens(self, record: LogRecord) -> str:
        if record.total_tokens is None:
            return drawing.EMPTY
        return f"{'≈ ' if record.usage_estimated else ''}{record.total_tokens:,}"

    @admin.display(description=_("cost"))
    def price(self, record: LogRecord) -> str:
        return drawing.dollars(record.cost_nanos, record.usage_estimated)

    @admin.display(description=_("latency"))
    def latency(self, record: LogRecord) -> str:
        return drawing.duration(record.latency_ms)

    @admin.display(description=_("key, provider"))
    def caller(self, record: LogRecord) -> SafeString:
        return drawing.stacked(record.key_name or drawing.EMPTY, record.provider or drawing.EMPTY)

    # Fields of the page

    @admin.display(description=_("started"))
    def started(self, record: LogRecord) -> str:
        return date_format(localtime(record.created_at), "Y-m-d H:i:s")

    @admin.display(description=_("outcome"))
    def shown_outcome(self, record: LogRecord) -> SafeString:
        return format_html(
            '<span class="record-outcome record-{}">{}</span>', record.outcome, record.get_outcome_display()
        )

    @admin.display(description=_("call"))
    def call(self, record: LogRecord) -> str:
        query = f"?{record.query}" if record.query else ""
        streaming = _(" (streaming)") if record.is_streaming else ""
        return f"{record.method} {record.path}{query}{streaming}"

    @admin.display(description=_("error"))
    def error(self, record: LogRecord) -> str:
        return ": ".join(filter(None, (record.error_code, record.error_message))) or drawing.EMPTY

    @admin.display(description=_("key"))
    def key(self, record: LogRecord) -> str:
        return f"{record.key_name} ({record.key_prefix})" if record.key_name else drawing.EMPTY

    @admin.display(description=_("time to first token"))
    def ttft(self, record: LogRecord) -> str:
        return drawing.duration(record.ttft_ms)

    @admin.display(description=_("pace"))
    def pace(self, record: LogRecord) -> str:
        if record.tokens_per_second is None:
            return drawing.EMPTY
        gap = drawing.duration(record.longest_gap_ms)
        return _("%(pace).1f tokens/s, longest gap %(gap)s") % {"pace": record.tokens_per_second, "gap": gap}

    @admin.display(description=_("time in the relay"))
    def relay_time(self, record: LogRecord) -> str:
        return drawing.duration(record.relay_ms)

    @admin.display(description=_("cost"))
    def shown_cost(self, record: LogRecord) -> str:
        dollars = money.dollars(record.cost_nanos)
        return drawing.EMPTY if dollars is None else f"{'≈ ' if record.usage_estimated else ''}{dollars} USD"

    @admin.display(description=_("request"))
    def shown_request_preview(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(record.request_preview)

    @admin.display(description=_("answer"))
    def shown_response_preview(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(record.response_preview)

    @admin.display(description=_("attempts"))
    def shown_attempts(self, record: LogRecord) -> SafeString | str:
        rows = [
            (
                a.number,
                a.provider,
                a.model or drawing.EMPTY,
                a.status_code or drawing.EMPTY,
                ": ".join(filter(None, (a.error, a.message))) or drawing.EMPTY,
                drawing.duration(a.started_ms),
                drawing.duration(a.latency_ms),
                drawing.EMPTY
                if a.prompt_tokens is None
                else f"{a.prompt_tokens} + {a.completion_tokens or 0}",
            )
            for a in record.attempts
        ]
        return drawing.table(
            (
                _("Attempt"),
                _("Provider"),
                _("Model"),
                _("Status"),
                _("Error"),
                _("Started after"),
                _("Took"),
                _("Tokens"),
            ),  # fmt: skip
            rows,
        )

    @admin.display(description=_("related calls"))
    def shown_relatives(self, record: LogRecord) -> SafeString | str:
        """What it repeats or works for, and what repeats it or worked for it."""
        address = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return drawing.links(
            (reverse(address, args=[other.pk]), f"{how}: {other} {other.model}")
            for how, other in record.relatives()
        )

    @admin.display(description=_("headers"))
    def request_headers(self, record: LogRecord) -> SafeString | str:
        return drawing.table((), presentation.headers(record.payload.request_headers).items())

    @admin.display(description=_("body"))
    def request_body(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(elision.elided(presentation.request_body(record.payload)))

    @admin.display(description=_("what the provider got"))
    def request_sent(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(elision.elided(sides.sent(record, record.payload)))

    @admin.display(description=_("headers"))
    def response_headers(self, record: LogRecord) -> SafeString | str:
        return drawing.table((), presentation.headers(record.payload.response_headers).items())

    @admin.display(description=_("body"))
    def response_body(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(elision.elided(presentation.response_body(record.payload)))

    @admin.display(description=_("bytes"))
    def response_raw(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(presentation.response_raw(record.payload))

    @admin.display(description=_("what the client got"))
    def response_delivered(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(sides.delivered(record, record.payload))

    @admin.display(description=_("tags"))
    def shown_tags(self, record: LogRecord) -> str:
        return ", ".join(record.tags) or drawing.EMPTY

    @admin.display(description=_("edits"))
    def shown_edits(self, record: LogRecord) -> SafeString | str:
        return drawing.pre(record.edits)
