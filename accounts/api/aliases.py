"""Credentials as two earlier systems showed them: the same rows and rules under other paths and names."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import configversion

from .credentials import Credentials, CredentialSerializer, NewCredentialSerializer
from .fields import Choice, FutureMoment
from .pagination import NewestFirst
from .permissions import StaffOnly

STATUS = ACTIVE, INACTIVE = ["active", "inactive"]


class WholeList(NewestFirst):
    """Earlier systems knew no pages: as much at once as is reasonable, and the rest by `Link` (RFC 8288)."""

    page_size = max_page_size = 1000
    page_size_query_description = f"How many at most. More than {max_page_size} are never given."

    def present(self, data: Any) -> Any:
        return data

    def get_paginated_response(self, data: Any) -> Response:
        following = self.get_next_link()
        return Response(
            self.present(data), headers={"Link": f'<{following}>; rel="next"'} if following else None
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema


class VersionedList(WholeList):
    member = "credentials"

    def present(self, data: Any) -> Any:
        return {"version": configversion.current(), self.member: data}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        number = {"type": "integer", "description": "Of the configuration."}
        rows = schema | {"description": "Newest first."}
        return {
            "type": "object",
            "required": ["version", self.member],
            "properties": {"version": number, self.member: rows},
        }


class Versioned(serializers.Serializer):
    version = serializers.SerializerMethodField(help_text="Of the configuration.")

    def get_version(self, row: Any) -> int:
        return configversion.current()


class VersionedUpdate(Versioned):
    status = serializers.SerializerMethodField(help_text="Always `updated`.")

    def get_status(self, row: Any) -> str:
        return "updated"


V1_FIELDS = ("id", "name", "key", "key_preview", "allowed_models", "rate_limit", "is_enabled")
API_KEY_FIELDS = ("id", "name", "prefix", "status", "expire_at", "created_at", "last_used_at")


class V1CredentialSerializer(CredentialSerializer):
    """A credential, as an earlier system showed it."""

    only = V1_FIELDS
    key_preview = serializers.CharField(source="prefix", read_only=True, help_text="How the key begins.")


class NewV1CredentialSerializer(NewCredentialSerializer, V1CredentialSerializer):
    """A credential with its key, as an earlier system showed it."""

    only = V1_FIELDS


class V1Created(Versioned):
    """What was created, or rotated."""

    credential = NewV1CredentialSerializer(source="*", help_text="With its key.")


class V1Updated(VersionedUpdate):
    """What was changed."""

    credential = V1CredentialSerializer(source="*", help_text="As it is now.")


class V1Credentials(Credentials):
    """Long-lived keys of clients, in the shapes of an earlier system."""

    serializer_class = V1CredentialSerializer
    answers = {"create": V1Created, "update": V1Updated, "partial_update": V1Updated, "rotate": V1Created}
    pagination_class = VersionedList


class APIKeySerializer(CredentialSerializer):
    """A credential, as another earlier system showed it."""

    only: ClassVar[tuple[str, ...]] = API_KEY_FIELDS
    status = Choice(choices=STATUS, required=False, help_text="An inactive key is refused.")
    expire_at = FutureMoment(
        source="expires_at", required=False, allow_null=True, help_text="When it expires; null is never."
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        if "status" in values:
            values["is_enabled"] = values.pop("status") == ACTIVE
        return values

    def to_representation(self, instance: Any) -> dict[str, Any]:
        status = ACTIVE if instance.is_enabled else INACTIVE
        return super().to_representation(instance) | {"status": status}


class NewAPIKeySerializer(APIKeySerializer):
    """A credential with its key, as another earlier system showed it."""

    only = (*API_KEY_FIELDS, "full_key")
    full_key = serializers.CharField(
        source="shown_once", read_only=True, allow_null=True,
        help_text="The key. This is the only answer that ever has it.",
    )  # fmt: skip


class APIKeys(Credentials):
    """Long-lived keys of clients, in the shapes of another earlier system."""

    noun = "API key"
    serializer_class = APIKeySerializer
    answers = {"create": NewAPIKeySerializer, "rotate": NewAPIKeySerializer}
    pagination_class = WholeList


class ValidationSerializer(serializers.Serializer):
    """Whether the bearer is accepted."""

    valid = serializers.BooleanField(help_text="Always true: who may not come in gets 401.")
    message = serializers.CharField(help_text="The same in words.")


class Validation(APIView):
    """Tells whether the bearer is accepted."""

    permission_classes = [StaffOnly]

    @extend_schema(summary="Check the bearer", request=None, responses=ValidationSerializer)
    def post(self, request: Request) -> Response:
        """Tells whether the bearer of this call is accepted."""
        return Response({"valid": True, "message": f"Accepted: {request.user}."})
