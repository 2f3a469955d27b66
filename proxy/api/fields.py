"""Fields of providers and settings beyond those of accounts: they take the JSON type their schema names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import upstreamkeys
from accounts.api.fields import Text

MOST_KEYS = 50


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Object(serializers.Field):
    default_error_messages = {"invalid": "This is a JSON object."}

    def to_internal_value(self, data: Any) -> Mapping[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "array", "items": {"type": "string", "maxLength": 200}})
class Words(serializers.Field):
    default_error_messages = {"invalid": "This is a list of texts."}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(each, str) and len(each) <= 200 for each in data):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Secret(Text):
    """An API key: taken, and never given. Null and empty take it away."""

    def __init__(self, **options: Any) -> None:
        super().__init__(write_only=True, required=False, allow_null=True, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        return upstreamkeys.chosen(super().to_internal_value(data), str(self.field_name))


@extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": MOST_KEYS})
class Secrets(serializers.Field):
    """Several of them, kept one a line."""

    default_error_messages = {"invalid": f"This is a list of at most {MOST_KEYS} keys."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, list) or len(data) > MOST_KEYS:
            self.fail("invalid")
        if not all(isinstance(each, str) and each.strip() for each in data):
            self.fail("invalid")
        return "\n".join(upstreamkeys.chosen(each, str(self.field_name)) for each in data)
