"""Credentials, the long-lived keys of clients, in the management API."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from accounts.audit import actors, audit
from accounts.errors import Invalid
from accounts.models import Credential
from accounts.secrets import issuing, keys
from accounts.secrets.upstreamkeys import CUTS

from .fields import LONGEST_NAME, Flag, FutureMoment, ModelNames, ProjectReference, Text
from .filters import ChoiceFilter, FilterSerializer, FlagFilter, IdFilter, TextFilter
from .rotation import RotationSerializer, SecretRows
from .rows import FormerFields, LimitFields, RecordingFields, RowSerializer, UsageFields
from .viewsets import Numbered

STATUS = ["active", "disabled", "expired", "project_inactive"]


def name_field(**options: Any) -> Text:
    return Text(
        max_length=LONGEST_NAME, help_text="Unique among credentials.",
        validators=[UniqueValidator(Credential.objects.all(), message="A credential has this name already.")],
        **options,
    )  # fmt: skip


class CredentialSerializer(LimitFields, RecordingFields, UsageFields, FormerFields, RowSerializer):
    """A long-lived key of a client."""

    kind = "credential"
    audited = (
        "name", "prefix", "project", "allowed_models", "expires_at", "is_enabled", *RecordingFields.names,
        *LimitFields.names,
    )  # fmt: skip
    cleared = {"allowed_models": list}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = name_field()
    key: serializers.Field = Text(
        write_only=True, required=False, allow_null=True,
        min_length=keys.MIN_CHARACTERS, max_length=keys.MAX_CHARACTERS,
        help_text="A secret of your own, 8 to 256 characters, only at creation. Else one is generated.",
    )  # fmt: skip
    prefix = serializers.CharField(read_only=True, help_text="How the key begins.")
    project_id = ProjectReference(
        source="project", required=False, allow_null=True, help_text="The project it belongs to, if any."
    )
    project_name = serializers.CharField(
        source="project.name", read_only=True, allow_null=True, default=None, help_text="Its name."
    )
    allowed_models = ModelNames(
        required=False, allow_null=True, help_text='Names or patterns such as "gpt-4o*". Empty or ["*"]: all.'
    )
    expires_at = FutureMoment(required=False, allow_null=True, help_text="When it expires; null is never.")
    is_enabled = Flag(required=False, help_text="A disabled key is refused.")
    status: serializers.Field = serializers.ChoiceField(
        choices=STATUS, read_only=True, help_text="Whether it works, or why it does not."
    )
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        key = attrs.get("key")
        if key and self.instance:
            raise Invalid("The key of a credential changes by its rotation only.", field="key")
        if key and any(cut in key for cut in CUTS):
            raise Invalid("This is the preview of a key, not a key.", field="key")
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Credential:
        chosen = validated_data.pop("key", None)
        credential: Any = Credential(**validated_data)
        secret = issuing.issue(credential, chosen)
        credential.save()
        credential.shown_once = None if chosen else secret
        credential.warning = keys.warning(secret)
        audit.record(self.actor, "credential.create", credential, after=self.shown(credential))
        return credential

    def steer(self, row: Credential, values: dict[str, Any]) -> dict[str, Any]:
        values.pop("key", None)
        return values


class NewCredentialSerializer(CredentialSerializer):
    """The same with the key itself."""

    key = serializers.CharField(
        source="shown_once", read_only=True, allow_null=True, default=None,
        help_text="The key, where it was generated. This is the only answer that ever has it.",
    )  # fmt: skip
    warning = serializers.CharField(
        read_only=True, allow_null=True, default=None, help_text="What is wrong with a key of your own."
    )


class CredentialFilters(FilterSerializer):
    aliases = {"projectId": "project_id", "project": "project_id"}

    search = TextFilter(
        help_text="Part of the name or of the project's name, or the beginning of the key or of the one "
        "before its last rotation: as far as it is shown or known, cut off or masked behind it, or all."
    )
    name = TextFilter(help_text="The whole name.")
    project_id = IdFilter(help_text="Only those of one project.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")
    status = ChoiceFilter(choices=STATUS, help_text="Only those in one state.")

    def by_search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        named = Q(name__icontains=text) | Q(project__name__icontains=text)
        return rows.filter(named | issuing.resembling(text))

    def by_status(self, rows: QuerySet[Any], status: str) -> QuerySet[Any]:
        """As `Credential.status` judges."""
        if status == "disabled":
            return rows.filter(is_enabled=False)
        is_expired = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
        rows = rows.filter(is_enabled=True)
        if status == "expired":
            return rows.filter(is_expired)
        is_inactive = Q(project__isnull=False, project__is_active=False)
        return rows.filter(~is_expired, is_inactive if status == "project_inactive" else ~is_inactive)


class Credentials(Numbered, SecretRows):
    """Long-lived keys of clients."""

    noun = "credential"
    identified = (str, "The id of a credential, or the key itself.")
    queryset = Credential.objects.listed().select_related("project")
    serializer_class = CredentialSerializer
    answers = {"create": NewCredentialSerializer, "rotate": NewCredentialSerializer}
    filters = CredentialFilters

    def find(self, rows: QuerySet[Any], pk: str) -> Any | None:
        """By its id, or by the key itself."""
        return super().find(rows, pk) or self.of_secret(rows, pk)

    @transaction.atomic
    def perform_destroy(self, row: Credential) -> None:
        audit.record(
            actors.of(self.request), "credential.delete", row, before=CredentialSerializer.shown(row)
        )
        row.delete()

    @extend_schema(request=RotationSerializer)
    @action(detail=True, methods=["post"], verb="change")
    def rotate(self, request: Request, pk: str) -> Response:
        """Gives a credential a new key; the rest of it stays. The old key works until its grace ends."""
        return self.renew()
