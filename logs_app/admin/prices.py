"""Prices in the admin, in dollars."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from logs_app.models import ModelPrice
from logs_app.pricing import money
from logs_app.pricing.rates import RATE_NAMES


class DollarField(forms.Field):
    """Nano dollars, written as dollars."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        return money.dollars(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        text = (value or "").strip()
        if not text:
            return None
        try:
            return money.nanos(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(ModelPrice)
class ModelPriceAdmin(AuditedAdmin):
    audit_kind = "price"
    list_display = ("model", "provider", "service_tier", "above_prompt_tokens", "valid_from", "dollars")
    list_filter = ("service_tier", "provider")
    search_fields = ("model",)
    save_as = True
    fieldsets = [
        (
            None,
            {"fields": ["model", "provider", "service_tier", "above_prompt_tokens", "valid_from", "note"]},
        ),
        (_("US dollars per million tokens"), {"fields": ["input", "cached_input", "cache_write", "output"]}),
        (_("US dollars of other things"), {"fields": ["image", "second", "characters"]}),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name in RATE_NAMES:
            return DollarField(required=False, label=db_field.verbose_name, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description=_("dollars"))
    def dollars(self, price: ModelPrice) -> str:
        rates = ((name, money.dollars(getattr(price, name))) for name in RATE_NAMES)
        return ", ".join(f"{name} {dollars}" for name, dollars in rates if dollars is not None)
