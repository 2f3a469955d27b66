"""The settings of records in the admin: one row."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from logs_app.models import LogSettings
from logs_app.redaction.kinds import KINDS, USUAL


class LogSettingsForm(forms.ModelForm):
    redacted_kinds = forms.MultipleChoiceField(
        label=_("What is redacted"),
        choices=[(kind, f"{kind}: {words}") for kind, words in KINDS.items()],
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
class LogSettingsAdmin(AuditedAdmin):
    form = LogSettingsForm
    audit_kind = "logsettings"
    readonly_fields = ("updated_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogSettings | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one row, so the list would only be in the way."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row, _created = LogSettings.objects.get_or_create(pk=1)
        return redirect(reverse("admin:logs_app_logsettings_change", args=[row.pk]))
