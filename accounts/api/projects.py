"""Projects in the management API."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from accounts import loglevels, projects
from accounts.audit import actors, audit
from accounts.errors import Invalid
from accounts.models import Project, WitheringToken
from accounts.secrets import upstreamkeys
from accounts.secrets.encryption import DecryptionError
from accounts.tokens import tokens

from .fields import LONGEST_NAME, CachePolicy, Choice, Flag, ModelNames, Policy, Text, Whole
from .filters import FilterSerializer, FlagFilter, TextFilter, has_id
from .rows import LimitFields, RowSerializer
from .viewsets import Rows

KEY_FIELDS = ("api_key", "openai_api_key")
LONGEST_DAYS = 36500


class ProjectSerializer(LimitFields, RowSerializer):
    """A group of keys with one policy and one budget."""

    kind = "project"
    audited = (
        "name", "is_active", "upstream_key", "provider_key", "allow_shared_providers", "allowed_models",
        "policy", "cache_policy", "log_policy", "redact_logs", "payload_days", "metadata_days",
        *LimitFields.names,
    )  # fmt: skip
    cleared = {"allowed_models": list, "policy": dict, "cache_policy": dict}

    id = serializers.UUIDField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=LONGEST_NAME, help_text="Unique among projects.",
        validators=[UniqueValidator(Project.objects.all(), message="A project has this name already.")],
    )  # fmt: skip
    is_active = Flag(required=False, help_text="The keys of an inactive project are refused.")
    deactivated_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Since when it is inactive."
    )
    revoke_tokens = Flag(
        write_only=True, required=False,
        help_text="Together with is_active=false: revokes the project's tokens too.",
    )  # fmt: skip
    api_key = Text(
        write_only=True, required=False, allow_null=True, allow_blank=True,
        help_text="The project's own key at its provider. Null: the provider's key is used.",
    )  # fmt: skip
    openai_api_key = Text(
        write_only=True, required=False, allow_null=True, allow_blank=True,
        help_text="Another name of api_key.",
    )  # fmt: skip
    api_key_preview = serializers.SerializerMethodField(
        help_text="How api_key begins; null when there is none."
    )
    provider_key = Text(max_length=100, required=False, help_text="The one provider that api_key belongs to.")
    allow_shared_providers = Flag(
        required=False,
        help_text="With a key of its own: may use other providers, with their keys, when this one fails.",
    )
    allowed_models = ModelNames(
        required=False, allow_null=True, help_text='Names or patterns such as "gpt-4o*". Empty or ["*"]: all.'
    )
    policy = Policy(required=False, allow_null=True, help_text="What calls of the project may contain.")
    cache_policy = CachePolicy(
        required=False, allow_null=True, help_text="Which answers are kept, how long, and who shares them."
    )
    log_policy = Choice(
        choices=list(loglevels.LEVELS), required=False,
        help_text="What is recorded: everything, no bodies, or nothing but counts.",
    )  # fmt: skip
    redact_logs = Flag(
        required=False, allow_null=True,
        help_text="Whether its records are redacted. Null: as in the settings of records.",
    )  # fmt: skip
    payload_days = Whole(
        min_value=0, max_value=LONGEST_DAYS, allow_null=True, required=False,
        help_text="Days to keep what was said. Null: as in the settings of records.",
    )  # fmt: skip
    metadata_days = Whole(
        min_value=0, max_value=LONGEST_DAYS, allow_null=True, required=False,
        help_text="Days to keep its records at all. Null: as in the settings of records.",
    )  # fmt: skip
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def get_api_key_preview(self, project: Project) -> str | None:
        return preview(project)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {name: attrs.pop(name) or "" for name in KEY_FIELDS if name in attrs}
        if len(set(given.values())) > 1:
            raise Invalid(
                "api_key and openai_api_key are one field, and say different things.", field="api_key"
            )
        for name, key in given.items():
            attrs["upstream_key"] = upstreamkeys.chosen(key, name)
        if attrs.get("revoke_tokens") and attrs.get("is_active") is not False:
            raise Invalid("revoke_tokens requires is_active=false.", field="revoke_tokens")
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Project:
        validated_data.pop("revoke_tokens", None)
        project = Project.objects.create(**validated_data)
        audit.record(self.actor, "project.create", project, after=self.shown(project))
        return project

    def steer(self, row: Project, values: dict[str, Any]) -> dict[str, Any]:
        is_active, revoke = values.pop("is_active", None), values.pop("revoke_tokens", False)
        if is_active is False:
            projects.deactivate(row, self.actor, revoke_tokens=revoke)
        elif is_active:
            projects.activate(row, self.actor)
        return values

    @classmethod
    def audited_value(cls, row: Any, name: str) -> Any:
        return preview(row) if name == "upstream_key" else super().audited_value(row, name)


def preview(project: Project) -> str | None:
    try:
        return upstreamkeys.preview(project.upstream_key)
    except DecryptionError:
        return "unreadable"


class RevocationSerializer(serializers.Serializer):
    """How many tokens were revoked."""

    revoked_count = serializers.IntegerField(source="revoked", help_text="Tokens revoked by this call.")
    already_revoked_count = serializers.IntegerField(
        source="already_revoked", help_text="Tokens that were revoked before."
    )
    total_tokens = serializers.IntegerField(source="total", help_text="Both together.")


class ProjectFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name, or an id.")
    name = TextFilter(help_text="The whole name.")
    is_active = FlagFilter(help_text="Only active, or only inactive ones.")

    def by_search(self, rows: QuerySet[Project], text: str) -> QuerySet[Project]:
        return rows.filter(Q(name__icontains=text) | has_id(text))


class Projects(Rows):
    """Groups of keys with one policy, one budget and, if they like, their own key at the provider."""

    noun = "project"
    identified = (uuid.UUID, "The id of a project.")
    queryset = Project.objects.listed()
    serializer_class = ProjectSerializer
    filters = ProjectFilters
    ordering = ("-created_at", "-id")

    def perform_destroy(self, instance: Project) -> None:
        projects.delete(instance, actors.of(self.request))

    @extend_schema(request=None, responses=RevocationSerializer)
    @action(detail=True, methods=["post"], url_path="tokens/revoke", verb="change", guarded=WitheringToken)
    def revoke_tokens(self, request: Request, pk: str) -> Response:
        """Revokes all tokens of a project."""
        counts = tokens.revoke_all(self.get_object(), actors.of(request))
        return Response(RevocationSerializer(counts).data)
