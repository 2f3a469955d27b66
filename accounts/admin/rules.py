"""Form fields of what keys and projects may do, checked in the words of `policies`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelForm

from .. import policies

LIMITS = ("rate_limit", "rate_limit_per_minute", "tokens_per_minute", "max_concurrent_streams")


class RulesForm(ModelForm):
    def clean_allowed_models(self) -> list[str]:
        return _checked(self.cleaned_data["allowed_models"] or [], policies.refusal_of_models)

    def clean_policy(self) -> dict[str, Any]:
        return _checked(self.cleaned_data["policy"] or {}, policies.refusal_of)


def _checked(value: Any, refusal_of: Any) -> Any:
    if refusal := refusal_of(value):
        raise ValidationError(refusal)
    return value
