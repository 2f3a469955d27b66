"""Form fields of what keys and projects may do, checked in the words of `policies`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _

from .. import cachepolicies, policies

JSON_ROWS = {"allowed_models": 2, "policy": 4, "cache_policy": 2}
LIMITS = ("rate_limit", "rate_limit_per_minute", "tokens_per_minute", "max_concurrent_streams")


class Inherited(forms.NullBooleanSelect):
    """A switch that may be left to the settings."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("unknown", _("as in the settings")), ("true", _("yes")), ("false", _("no"))]


class Days(forms.IntegerField):
    """A term. None at all would end what was just recorded, and looks like a way to write for ever."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"min_value": 1})


class RulesForm(ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in JSON_ROWS.items():
            if name in self.fields:
                self.fields[name].widget.attrs |= {"rows": rows, "class": "vLargeTextField"}

    def clean_allowed_models(self) -> list[str]:
        return _checked(self.cleaned_data["allowed_models"] or [], policies.refusal_of_models)

    def clean_policy(self) -> dict[str, Any]:
        return _checked(self.cleaned_data["policy"] or {}, policies.refusal_of)

    def clean_cache_policy(self) -> dict[str, Any]:
        return _checked(self.cleaned_data["cache_policy"] or {}, cachepolicies.refusal_of)


def _checked(value: Any, refusal_of: Any) -> Any:
    if refusal := refusal_of(value):
        raise ValidationError(refusal)
    return value
