"""Fields that take the JSON type their schema names, and nothing that merely looks like it: "false" is no
false, and true is no 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import cachepolicies, policies
from accounts.errors import Unknown
from accounts.models import Project
from accounts.secrets import upstreamkeys
from accounts.tokens import durations

MOST = 2**31 - 1
MOST_EXACT = 2**53 - 1  # beyond it JSON readers lose digits
LONGEST_NAME = 200
MOST_KEYS = 50
NAMES = {"type": "array", "items": {"type": "string", "maxLength": policies.LONGEST_ENTRY}}


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


class FutureMoment(serializers.DateTimeField):
    """Without a zone it is UTC. The moment that is stored already may be given back when it has passed."""

    default_error_messages = {"passed": "This moment has passed."}

    def to_internal_value(self, value: Any) -> Any:
        moment = super().to_internal_value(value)
        stored = getattr(getattr(self.parent, "instance", None), str(self.source), None)
        if moment <= timezone.now() and moment != stored:
            self.fail("passed")
        return moment


@extend_schema_field({"type": "string", "pattern": r"^([0-9]{1,4}\s?[smhdw]|0)$", "example": "24h"})
class Duration(Text):
    def to_internal_value(self, data: Any) -> Any:
        try:
            return durations.parse(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(f"This {error}") from None


class ProjectReference(serializers.UUIDField):
    """A project that is not there is 404, as it would be in the path."""

    default_error_messages = {"invalid": "This is no id of a project."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        project = Project.objects.listed().filter(pk=super().to_internal_value(data)).first()
        if project is None:
            raise Unknown("There is no such project.", field=self.field_name)
        return project

    def to_representation(self, value: Any) -> str:
        return str(value.pk)


class Judged(serializers.Field):
    """JSON that a function of `accounts.policies` judges."""

    refusal_of: Callable[[Any], str | None]

    def to_internal_value(self, data: Any) -> Any:
        if refusal := type(self).refusal_of(data):
            raise serializers.ValidationError(refusal)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(NAMES)
class ModelNames(Judged):
    refusal_of = staticmethod(policies.refusal_of_models)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "param_whitelist": {
                "type": "object",
                "nullable": True,
                "additionalProperties": {"type": "array", "items": {}},
                "description": "Allowed values by parameter, with * as a wildcard.",
                "example": {"model": ["gpt-4o", "gpt-4.1-*"]},
            },
            "allowed_origins": NAMES | {"nullable": True, "description": "Web origins that may call."},
            "required_headers": NAMES | {"nullable": True, "description": "Headers every call must have."},
            "allowed_endpoints": NAMES | {"nullable": True, "description": "Paths, and what is under them."},
            "allowed_methods": {
                "type": "array",
                "nullable": True,
                "items": {"type": "string", "enum": list(policies.METHODS)},
                "description": "HTTP methods.",
            },
        },
    }
)
class Policy(Judged):
    refusal_of = staticmethod(policies.refusal_of)


def _member(kind: str, description: str, **more: Any) -> dict[str, Any]:
    if "enum" in more:
        more["enum"] = [*more["enum"], None]  # else the list would forbid what `nullable` allows
    return {"type": kind, "nullable": True, "description": description, **more}


SECONDS = {"minimum": 1, "maximum": cachepolicies.LONGEST_SECONDS}
CACHE_MEMBERS = {
    "mode": _member("string", "Who decides whether an answer is kept.", enum=list(cachepolicies.MODES)),
    "ttl": _member("integer", "Seconds, where neither client nor provider names a time.", **SECONDS),
    "ignore": _member(
        "array",
        "Members of a request that make no difference.",
        items={"type": "string", "enum": list(cachepolicies.VOLATILE)},
    ),
    "ignore_headers": _member("array", "Headers that make none.", items={"type": "string"}),
    "stale_while_revalidate": _member("integer", "Seconds an old answer is given meanwhile.", **SECONDS),
    "stale_if_error": _member("integer", "Seconds an old answer stands in for an error.", **SECONDS),
    "original_pace": _member("boolean", "Whether streams come as slowly as the first time."),
}
SHARING = {"scope": _member("string", "Who shares the answers.", enum=list(cachepolicies.SCOPES))}


@extend_schema_field({"type": "object", "additionalProperties": False, "properties": CACHE_MEMBERS | SHARING})
class CachePolicy(Judged):
    refusal_of = staticmethod(cachepolicies.refusal_of)


@extend_schema_field({"type": "object", "additionalProperties": False, "properties": CACHE_MEMBERS})
class RouteCachePolicy(Judged):
    refusal_of = staticmethod(cachepolicies.refusal_of_route)


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
