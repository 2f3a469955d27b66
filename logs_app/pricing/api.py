"""Prices in the management API: dollars as decimal strings, per million tokens or characters, or each."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import money
from accounts.api.fields import MOST, Text, Whole
from accounts.api.filters import FilterSerializer, TextFilter
from accounts.api.rows import RowSerializer
from accounts.api.viewsets import Numbered, Rows
from accounts.audit import actors, audit
from accounts.errors import Invalid
from logs_app.models import ModelPrice
from logs_app.pricing import reading
from logs_app.pricing.rates import RATE_NAMES
from logs_app.pricing.seeding import IDENTITY

TAKEN = "There is a price of this model, provider, tier and length from this moment on already."


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True, "example": "2.50"})
class Dollars(serializers.Field):
    """A number is taken as it is written, text exactly."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, **options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) not in (str, int, float):
            raise serializers.ValidationError('An amount of dollars such as "2.50".')
        try:
            return money.nanos(str(data))
        except ValueError as error:
            raise serializers.ValidationError(f"{error}.") from None

    def to_representation(self, value: int | None) -> str | None:
        return money.dollars(value)


class PriceSerializer(RowSerializer):
    """What a model costs from a moment on, in US dollars."""

    kind = "price"
    audited = (*IDENTITY, *RATE_NAMES, "note")
    cleared = {"provider": str, "service_tier": str, "above_prompt_tokens": int, "note": str}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    model = Text(max_length=200, help_text="A name, or a pattern such as gpt-4o-2024-*.")
    provider = Text(
        max_length=100, required=False, allow_blank=True, allow_null=True,
        help_text="The provider_key of the one provider it holds at; empty: wherever the model is served.",
    )  # fmt: skip
    service_tier = Text(
        max_length=32, required=False, allow_blank=True, allow_null=True,
        help_text="flex, priority or batch; empty: every other tier.",
    )  # fmt: skip
    above_prompt_tokens = Whole(
        min_value=0, max_value=MOST, required=False, allow_null=True,
        help_text="Only for prompts longer than this.",
    )  # fmt: skip
    valid_from = serializers.DateTimeField(help_text="It holds for calls from then on.")
    input = Dollars(help_text="Per million tokens of the prompt.")
    cached_input = Dollars(help_text="Of these, what the provider had cached. Null: like input.")
    cache_write = Dollars(help_text="Of these, what went into the provider's cache. Null: like input.")
    output = Dollars(help_text="Per million tokens of the answer.")
    image = Dollars(help_text="Per image made.")
    second = Dollars(help_text="Per second of sound.")
    characters = Dollars(help_text="Per million characters spoken.")
    audio_input = Dollars(help_text="Per million tokens of sound in the prompt. Null: like input.")
    audio_output = Dollars(help_text="Per million tokens of sound in the answer. Null: like output.")
    image_input = Dollars(help_text="Per million tokens of pictures in the prompt. Null: like input.")
    image_output = Dollars(help_text="Per million tokens of pictures in the answer. Null: like output.")
    note = Text(max_length=200, required=False, allow_blank=True, allow_null=True, help_text="For people.")
    version = serializers.SerializerMethodField(help_text="The `price_version` of records it gives the cost.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def get_version(self, row: ModelPrice) -> str:
        return reading.rates_of(row).version

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        identity = {name: attrs.get(name, _stored(self.instance, name)) for name in IDENTITY}
        others = ModelPrice.objects.filter(**identity)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise Invalid(TAKEN, field="valid_from")
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> ModelPrice:
        price = ModelPrice.objects.create(**validated_data)
        audit.record(self.actor, "price.create", price, after=self.shown(price))
        return price

    @classmethod
    def audited_value(cls, row: Any, name: str) -> Any:
        value = getattr(row, name)
        return value.isoformat() if name == "valid_from" else value


def _stored(row: ModelPrice | None, name: str) -> Any:
    if row is not None:
        return getattr(row, name)
    return 0 if name == "above_prompt_tokens" else ""


class PriceFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the model's name.")
    model = TextFilter(help_text="The whole name or pattern.")
    provider = TextFilter(help_text="Only those of one provider.")

    def by_search(self, rows: QuerySet[ModelPrice], text: str) -> QuerySet[ModelPrice]:
        return rows.filter(model__icontains=text)


class Prices(Numbered, Rows):
    """What models cost."""

    noun = "price"
    identified = (int, "The id of a price.")
    queryset = ModelPrice.objects.all()
    serializer_class = PriceSerializer
    filters = PriceFilters

    @transaction.atomic
    def perform_destroy(self, row: ModelPrice) -> None:
        before = PriceSerializer.shown(row)
        audit.record(actors.of(self.request), "price.delete", row, before=before)
        row.delete()
