"""Fields that take the JSON type their schema names, and nothing that merely looks like it: "false" is no
false, and true is no 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import durations, policies
from accounts.errors import Unknown
from accounts.models import Project

MOST = 2**31 - 1
MOST_EXACT = 2**53 - 1  # beyond it JSON readers lose digits
LONGEST_NAME = 200
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
