"""What holds for all calls, as one page of the admin."""

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

from ..models import TIMEOUTS, RelaySettings

FIELDSETS = (
    (_("Models"), ("default_model", "provider_suffix", "rewrite_response_model")),
    (_("Timeouts"), TIMEOUTS),
    (
        _("When a provider fails"),
        ("provider_choice", "http_max_retries", "max_failovers", "failover_maybe_sent", "hold_preamble"),
    ),
    (_("Health of the providers"), ("health_interval_seconds", "breaker_enabled")),
    (_("Usage"), ("inject_stream_usage",)),
    (_("What calls may contain"), ("policy",)),
)
BREAKER = tuple(
    field.name for field in RelaySettings._meta.concrete_fields if field.name.startswith("adaptive_")
)


class RelaySettingsForm(forms.ModelForm):
    class Meta:
        model = RelaySettings
        fields = (*(name for _title, names in FIELDSETS for name in names), *BREAKER)

    def clean_policy(self) -> Any:
        return self.cleaned_data["policy"] or {}


@admin.register(RelaySettings)
class RelaySettingsAdmin(AuditedAdmin):
    form = RelaySettingsForm
    audit_kind = "settings"
    readonly_fields = ("updated_at",)
    fieldsets = (
        *((title, {"fields": names}) for title, names in FIELDSETS),
        (
            _("Circuit breaker, in detail"),
            {
                "classes": ("collapse",),
                "fields": BREAKER,
                "description": _("When a provider that keeps failing is left out, and how it comes back."),
            },
        ),
        (None, {"fields": ("updated_at",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RelaySettings | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one row, so the list would only be in the way."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row, _created = RelaySettings.objects.get_or_create(pk=1)
        return redirect(reverse("admin:proxy_relaysettings_change", args=[row.pk]))
