"""Events that could not be delivered, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.audited import AuditedAdmin
from accounts.audit import actors, audit
from logs_app.dispatching import deadletters
from logs_app.models import DeadLetter


@admin.register(DeadLetter)
class DeadLetterAdmin(AuditedAdmin):
    """To be sent again or dropped; nobody makes or changes one."""

    audit_kind = "deadletter"
    list_display = ("died_at", "subscriber", "record", "reason", "is_due")
    list_display_links = None
    list_filter = ("subscriber", "is_due")
    search_fields = ("reason",)
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("record"))
    def record(self, letter: DeadLetter) -> Any:
        url = reverse("admin:logs_app_logrecord_change", args=[letter.record_id])
        return format_html('<a href="{}">{}</a>', url, letter.record_id)

    @admin.action(description=_("Send selected %(verbose_name_plural)s again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        count = deadletters.resend(queryset)
        audit.record(actors.of(request), "deadletter.resend", detail={"events": count}, request=request)
        words = ngettext(
            "%(count)d event goes out when its dispatcher is at work.",
            "%(count)d events go out when their dispatchers are at work.",
            count,
        )
        messages.success(request, words % {"count": count})
