"""The settings of records in the admin: one row."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.admin.singlerow import SingleRowAdmin
from logs_app import logsettings
from logs_app.models import LogSettings
from logs_app.redaction.kinds import KINDS, USUAL
from logs_app.retention import forecast


class LogSettingsForm(forms.ModelForm):
    redacted_kinds = forms.MultipleChoiceField(
        label=_("What is redacted"),
        choices=[(kind, format_lazy("{}: {}", kind, words)) for kind, words in KINDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = LogSettings
        fields = ("redact_logs", "redacted_kinds", "payload_days", "metadata_days")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.initial.get("redacted_kinds") is None:
            self.initial["redacted_kinds"] = sorted(USUAL)

    def clean_redacted_kinds(self) -> list[str] | None:
        """The usual ones are not written down, so that later kinds join them."""
        chosen = self.cleaned_data["redacted_kinds"]
        return None if set(chosen) == USUAL else chosen


@admin.register(LogSettings)
class LogSettingsAdmin(SingleRowAdmin):
    form = LogSettingsForm
    audit_kind = "logsettings"
    readonly_fields = ("updated_at",)
    fieldsets = (
        (_("How long"), {
            "fields": ("payload_days", "metadata_days"),
            "description": _(
                "What was said may end before the records of it, whose figures stay. A project may have "
                "terms of its own. What is over is removed within the hour, and cannot be got back."
            ),
        }),
        (_("Redaction"), {
            "fields": ("redact_logs", "redacted_kinds"),
            "description": _("Own rules are under Redaction, where they can be tried on past records."),
        }),
        (None, {"fields": ("updated_at",)}),
    )  # fmt: skip

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.forecast)
        return [path("forecast/", view, name="logs_app_logsettings_forecast"), *super().get_urls()]

    def forecast(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = logsettings.read()
        now_set = [days for days in (row.payload_days, row.metadata_days) if days]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What each term would remove"),
            "opts": self.opts,
            "settings": row,
            "forecasts": forecast.of([*forecast.USUAL_DAYS, *now_set]),
        }
        return TemplateResponse(request, "admin/logs_app/logsettings/forecast.html", context)
