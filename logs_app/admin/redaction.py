"""Own rules of redaction in the admin, and what they would find in past records."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from logs_app.admin import redactiontrial
from logs_app.admin.redactiontrial import TrialForm
from logs_app.models import RedactionRule


@admin.register(RedactionRule)
class RedactionRuleAdmin(AuditedAdmin):
    audit_kind = "redactionrule"
    change_list_template = "admin/logs_app/redactionrule/change_list.html"
    lead = _("What is replaced in records, or left as it is, besides the kinds in the settings of records.")
    empty_words = _(
        "The kinds in the settings of records are redacted without a rule. Add one for what only you know."
    )
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
    def attempt(self, request: HttpRequest, queryset: QuerySet[RedactionRule]) -> HttpResponse:
        """Also rules that are not enabled."""
        chosen = {"rules": [rule.pk for rule in queryset], "on_records": True}
        return self._page(request, TrialForm(chosen))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.trial_view)
        return [path("try/", page, name="logs_app_redactionrule_try"), *super().get_urls()]

    def trial_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._page(request, TrialForm(request.POST))
        return self._page(request, TrialForm(initial={"rules": request.GET.getlist("rule")}))

    def _page(self, request: HttpRequest, form: TrialForm) -> HttpResponse:
        found = redactiontrial.results(request, form.cleaned_data) if form.is_valid() else []
        context = self.admin_site.each_context(request) | {
            "title": _("What redaction finds"),
            "opts": self.opts,
            "form": form,
            "results": found,
        }
        return TemplateResponse(request, "admin/logs_app/redactionrule/trial.html", context)
