"""Providers in the admin. A provider's key goes in and never comes out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin

from ..models import TIMEOUTS, Provider
from ..provider_types import TYPES

KEY_STATES = {
    "set": _("set"),
    "not_set": _("not set"),
    "unreadable": _("unreadable: enter it again"),
}


class ProviderForm(forms.ModelForm):
    provider_type = forms.ChoiceField(label=_("Type"), choices=[(name, name) for name in TYPES])
    new_api_key = forms.CharField(
        label=_("API key"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: stays as it is."),
    )
    remove_api_key = forms.BooleanField(label=_("Remove the API key"), required=False)

    class Meta:
        model = Provider
        fields = (
            "provider_key",
            "provider_type",
            "api_base",
            "is_enabled",
            "inject_stream_usage",
            *TIMEOUTS,
        )

    def save(self, commit: bool = True) -> Provider:
        if self.cleaned_data["remove_api_key"]:
            self.instance.api_key = ""
        if self.cleaned_data["new_api_key"]:
            self.instance.api_key = self.cleaned_data["new_api_key"]
        return super().save(commit)


@admin.register(Provider)
class ProviderAdmin(AuditedAdmin):
    audit_kind = "provider"
    form = ProviderForm
    list_display = ("provider_key", "provider_type", "api_base", "key_state", "is_enabled")
    list_filter = ("is_enabled", "provider_type")
    search_fields = ("provider_key", "api_base")
    readonly_fields = ("key_state", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("provider_key", "provider_type", "api_base", "is_enabled")}),
        (_("API key"), {"fields": ("key_state", "new_api_key", "remove_api_key")}),
        (
            _("Instead of the settings"),
            {"fields": ("inject_stream_usage", *TIMEOUTS)},
        ),
        (None, {"fields": ("created_at", "updated_at")}),
    )

    @admin.display(description=_("API key"))
    def key_state(self, provider: Provider) -> Any:
        return KEY_STATES[provider.api_key_state]
