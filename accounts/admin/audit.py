"""The audit trail in the admin: to read and to search, never to write."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ("moment", "action", "outcome", "target_name", "actor_name", "client_ip", "repeats")
    list_filter = ("action", "outcome", "actor_kind")
    search_fields = ("actor_name", "target_name", "target_id", "client_ip", "request_id")
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "moment", "actor_name", "actor_kind", "action", "outcome", "repeats", "target_kind", "target_name",
        "target_id", "client_ip", "request_id", "shown_before", "shown_after", "shown_detail", "node", "seq",
        "previous_hash", "hash",
    )  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("time"), ordering="id")
    def moment(self, event: AuditEvent) -> str:
        return f"{event.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("before"))
    def shown_before(self, event: AuditEvent) -> str:
        return _pretty(event.before)

    @admin.display(description=_("after"))
    def shown_after(self, event: AuditEvent) -> str:
        return _pretty(event.after)

    @admin.display(description=_("details"))
    def shown_detail(self, event: AuditEvent) -> str:
        return _pretty(event.detail)


def _pretty(text: str) -> str:
    if not text:
        return "–"
    return format_html("<pre>{}</pre>", json.dumps(json.loads(text), indent=2, ensure_ascii=False))
