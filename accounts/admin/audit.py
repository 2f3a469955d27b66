"""The audit trail in the admin: to read, to search, to check and to take along, never to write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ..audit import actors, audit, chain
from ..audit.events import AuditHead
from ..models import AuditEvent
from . import drawing
from .audited import Listed

OUTCOMES = {"success": "ok", "failure": "error", "denied": "warn"}
# What a row of the list says of a change; the event's own page has it whole.
SHOWN_CHANGES, SHOWN_CHARACTERS = 2, 40
# More faults than a page can hold say no more than these.
SHOWN_FAULTS = 50

Change = tuple[str, Any, Any]


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    lead = _("Who changed what, who signed in, who read what was said, and which calls were refused.")
    list_display = ("moment", "who", "action", "what", "changed", "shown_outcome")
    list_filter = ("created_at", "outcome", "actor_kind", "action")
    search_fields = ("actor_name", "target_name", "target_id", "client_ip", "request_id")
    search_help_text = _(
        "A person or key, a name or id of what was changed, an address, or the id of a request."
    )
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fieldsets = (
        (None, {"fields": ("moment", "who", "action", "what", "shown_outcome", "repeats", "request_id")}),
        (_("Change"), {"fields": ("differences", "shown_detail")}),
        (_("Place in the chain"), {
            "fields": ("node", "seq", "previous_hash", "hash"), "classes": ("collapse",),
        }),
    )  # fmt: skip
    readonly_fields = (
        "moment", "who", "action", "what", "shown_outcome", "repeats", "request_id", "differences",
        "shown_detail", "node", "seq", "previous_hash", "hash",
    )  # fmt: skip

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Listed

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export), name="accounts_auditevent_export"),
            path("check/", view(require_POST(self.check_chain)), name="accounts_auditevent_check"),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is filtered, all its pages, newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        events = self.get_changelist_instance(request).get_queryset(request)
        audit.record(
            actors.of(request), "audit.export", ("audit", None, ""), request=request,
            detail={"filters": request.GET.dict()},
        )  # fmt: skip
        response = StreamingHttpResponse(_lines(events), content_type="application/x-ndjson")
        response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def check_chain(self, request: HttpRequest) -> HttpResponse:
        """Reads every event, so it is asked for and not done with each page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Check of the chain"),
            "opts": self.opts,
            "faults": list(islice(chain.faults(), SHOWN_FAULTS)),
            "ends": AuditHead.objects.order_by("node"),
        }
        return TemplateResponse(request, "accounts/audit_check.html", context)

    @admin.display(description=_("time"), ordering="id")
    def moment(self, event: AuditEvent) -> Any:
        return drawing.moment(event.created_at)

    @admin.display(description=_("who"), ordering="actor_name")
    def who(self, event: AuditEvent) -> SafeString:
        where = f"{event.actor_kind} · {event.client_ip}" if event.client_ip else event.actor_kind
        return format_html('{}<br><span class="quiet nowrap">{}</span>', event.actor_name, where)

    @admin.display(description=_("what"), ordering="target_name")
    def what(self, event: AuditEvent) -> SafeString | str:
        if not event.target_kind:
            return drawing.EMPTY
        name = event.target_name or event.target_id or drawing.EMPTY
        return format_html('{}<br><span class="quiet">{}</span>', name, event.target_kind)

    @admin.display(description=_("change"))
    def changed(self, event: AuditEvent) -> SafeString | str:
        found = changes(event)
        lines = [
            (name, _short(old), _short(new)) for name, old, new in found[:SHOWN_CHANGES]
        ]  # fmt: skip
        more = len(found) - len(lines)
        shown = format_html_join("", '<span class="clamp">{}: {} → {}</span>', lines)
        return format_html("{}{}", shown, f"+{more}" if more else "") or drawing.EMPTY

    @admin.display(description=_("outcome"), ordering="outcome")
    def shown_outcome(self, event: AuditEvent) -> SafeString:
        badge = drawing.badge(OUTCOMES.get(event.outcome, "muted"), event.get_outcome_display())
        return format_html("{} ×{}", badge, event.repeats) if event.repeats > 1 else badge

    @admin.display(description=_("before → after"))
    def differences(self, event: AuditEvent) -> SafeString | str:
        rows = ((name, _text(old), _text(new)) for name, old, new in changes(event))
        cells = format_html_join(
            "", "<tr><th scope='row'>{}</th><td><del>{}</del></td><td><ins>{}</ins></td></tr>", rows
        )
        head = (_("field"), _("before"), _("after"))
        names = format_html_join("", "<th scope='col'>{}</th>", ((name,) for name in head))
        table = '<table class="table table-dense"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
        return format_html(table, names, cells) if cells else drawing.EMPTY

    @admin.display(description=_("details"))
    def shown_detail(self, event: AuditEvent) -> SafeString | str:
        if not event.detail:
            return drawing.EMPTY
        return format_html('<pre class="code wrap" tabindex="0">{}</pre>', _text(json.loads(event.detail)))


def changes(event: AuditEvent) -> list[Change]:
    """Names with what was and what is; None where there is nothing."""
    before, after = _object(event.before), _object(event.after)
    names = [*before, *(name for name in after if name not in before)]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {"": found}


def _text(value: Any) -> str:
    if value is None or value == "":
        return drawing.EMPTY
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _short(value: Any) -> str:
    text = " ".join(_text(value).split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _lines(events: Any) -> Iterator[bytes]:
    for event in events.iterator():
        values = chain.values_of(event) | {"previous_hash": event.previous_hash, "hash": event.hash}
        yield orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
