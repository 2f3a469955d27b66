"""Prices in the admin, in dollars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import money
from accounts.admin.audited import AuditedAdmin
from logs_app.models import ModelPrice
from logs_app.pricing import seeding
from logs_app.pricing.rates import RATE_NAMES

# What has no column of its own in the list.
OTHERS = (
    "audio_input", "audio_output", "image_input", "image_output", "image", "second", "characters",
)  # fmt: skip


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


class NamedValuesFilter(admin.AllValuesFieldListFilter):
    """An empty value is one too, and needs a word to click on."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or _("any")}


@admin.register(ModelPrice)
class ModelPriceAdmin(AuditedAdmin):
    audit_kind = "price"
    list_display = (
        "model",
        "dollars_of_input",
        "dollars_of_cached_input",
        "dollars_of_cache_write",
        "dollars_of_output",
        "others",
        "provider",
        "service_tier",
        "above_prompt_tokens",
        "valid_from",
    )
    list_filter = (("provider", NamedValuesFilter), ("service_tier", NamedValuesFilter))
    search_fields = ("model", "provider")
    save_as = True
    fieldsets = [
        (
            None,
            {"fields": ["model", "provider", "service_tier", "above_prompt_tokens", "valid_from", "note"]},
        ),
        (_("US dollars per million tokens"), {"fields": ["input", "cached_input", "cache_write", "output"]}),
        (
            _("US dollars per million tokens of sound and pictures"),
            {"fields": ["audio_input", "audio_output", "image_input", "image_output"]},
        ),
        (_("US dollars of other things"), {"fields": ["image", "second", "characters"]}),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name in RATE_NAMES:
            return DollarField(required=False, label=db_field.verbose_name, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **options)

    @property
    def lead(self) -> Any:
        """Read when a page is shown."""
        return gettext(
            "US dollars per million tokens; a dash is not charged, or like input. The list that came with "
            "the relay is of %(date)s: check what you pay, and edit it here. A price holds from its date on."
        ) % {"date": seeding.listed_on()}

    @admin.display(description=_("input"), ordering="input")
    def dollars_of_input(self, price: ModelPrice) -> str:
        return money.shown(price.input)

    @admin.display(description=_("cached input"), ordering="cached_input")
    def dollars_of_cached_input(self, price: ModelPrice) -> str:
        return money.shown(price.cached_input)

    @admin.display(description=_("cache write"), ordering="cache_write")
    def dollars_of_cache_write(self, price: ModelPrice) -> str:
        return money.shown(price.cache_write)

    @admin.display(description=_("output"), ordering="output")
    def dollars_of_output(self, price: ModelPrice) -> str:
        return money.shown(price.output)

    @admin.display(description=_("other things"))
    def others(self, price: ModelPrice) -> str:
        titles = {field.name: field.verbose_name for field in price._meta.concrete_fields}
        rates = [(name, rate) for name in OTHERS if (rate := getattr(price, name)) is not None]
        return ", ".join(f"{money.shown(rate)} {titles[name]}" for name, rate in rates) or "–"
