"""The form of a provider. Keys go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.rules import Inherited
from accounts.errors import Refused
from accounts.secrets import upstreamkeys

from ..models import TIMEOUTS, Provider

COLUMNS = (
    "provider_key",
    "provider_type",
    "api_base",
    "allow_internal_address",
    "is_enabled",
    "api_key_env",
    "model_mapping",
    "endpoints",
    "supports_streaming",
    "weight",
    "priority",
    "provider_params",
    "policy",
    "http_max_retries",
    "inject_stream_usage",
    *TIMEOUTS,
)
_JSON_ROWS = {"model_mapping": 6, "endpoints": 2, "provider_params": 3, "policy": 4}


class SecretLines(forms.Textarea):
    """What was typed is not sent back with the words that refuse the rest."""

    def format_value(self, value: Any) -> str:
        return ""


class ProviderForm(forms.ModelForm):
    new_api_key = forms.CharField(
        label=_("New API key"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: stays as it is."),
    )
    remove_api_key = forms.BooleanField(label=_("Remove the API key"), required=False)
    new_extra_api_keys = forms.CharField(
        label=_("New further API keys"),
        required=False,
        widget=SecretLines(attrs={"rows": 3, "class": "vLargeTextField", "autocomplete": "off"}),
        help_text=_("One a line, instead of those there are; calls take all keys in turn. Never shown."),
    )
    remove_extra_api_keys = forms.BooleanField(label=_("Remove the further API keys"), required=False)

    class Meta:
        model = Provider
        fields = COLUMNS
        widgets = {
            "provider_type": forms.TextInput(attrs={"list": "provider-types"}),
            "inject_stream_usage": Inherited,
            **{name: forms.Textarea(attrs={"rows": rows, "cols": 80}) for name, rows in _JSON_ROWS.items()},
        }

    def clean_new_api_key(self) -> str:
        return _key(self.cleaned_data["new_api_key"])

    def clean_new_extra_api_keys(self) -> str:
        return "\n".join(filter(None, map(_key, self.cleaned_data["new_extra_api_keys"].splitlines())))

    def clean_model_mapping(self) -> Any:
        return {} if (given := self.cleaned_data["model_mapping"]) is None else given

    def clean_endpoints(self) -> Any:
        return [] if (given := self.cleaned_data["endpoints"]) is None else given

    def clean_provider_params(self) -> Any:
        return {} if (given := self.cleaned_data["provider_params"]) is None else given

    def clean_policy(self) -> Any:
        return self.cleaned_data["policy"] or {}

    def save(self, commit: bool = True) -> Provider:
        for name in ("api_key", "extra_api_keys"):
            if self.cleaned_data[f"remove_{name}"]:
                setattr(self.instance, name, "")
            if given := self.cleaned_data[f"new_{name}"]:
                setattr(self.instance, name, given)
        return super().save(commit)


def _key(given: str) -> str:
    try:
        return upstreamkeys.chosen(given, "api_key")
    except Refused as refused:
        raise forms.ValidationError(refused.message) from None
