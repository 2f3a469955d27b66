"""Own rules of redaction in the admin, and what they would find in past records."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from logs_app.models import LogRecord, RedactionRule
from logs_app.redaction import trial

TRIED_RECORDS = 500


@admin.register(RedactionRule)
class RedactionRuleAdmin(AuditedAdmin):
    audit_kind = "redactionrule"
    list_display = ("name", "action", "label", "pattern", "project", "is_enabled")
    list_filter = ("action", "is_enabled")
    list_select_related = ("project",)
    search_fields = ("name", "pattern")
    readonly_fields = ("created_at", "updated_at")
    actions = ("attempt",)
    fields = (
        "name",
        "action",
        "label",
        "pattern",
        "project",
        "is_enabled",
        "created_at",
        "updated_at",
    )

    @admin.action(
        description=_("Try selected %(verbose_name_plural)s on the newest records"), permissions=["view"]
    )
    def attempt(self, request: HttpRequest, queryset: QuerySet[RedactionRule]) -> TemplateResponse:
        """Also rules that are not enabled. Nothing is changed, and matches are shown masked."""
        newest = list(LogRecord.objects.visible_to(request.user).order_by("-id")[:TRIED_RECORDS])
        results: list[dict[str, Any]] = [{"rule": rule, **trial.of_rule(rule, newest)} for rule in queryset]
        context = self.admin_site.each_context(request) | {
            "title": _("What the rules find"),
            "opts": self.opts,
            "results": results,
        }
        return TemplateResponse(request, "admin/logs_app/redactionrule/trial.html", context)
