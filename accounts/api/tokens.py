"""Withering tokens in the management API."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import actors
from accounts.errors import Invalid
from accounts.models import WitheringToken
from accounts.secrets import issuing
from accounts.tokens import lifetimes, tokens

from .fields import LONGEST_NAME, MOST_EXACT, Flag, FutureMoment, ProjectReference, Text, Whole
from .filters import ChoiceFilter, FilterSerializer, FlagFilter, IdFilter, TextFilter, has_id
from .rotation import RotationSerializer, SecretRows
from .rows import FormerFields, LimitFields, RecordingFields, RowSerializer, UsageFields

STATUS = ["active", "revoked", "expired", "project_inactive"]
MOST_MINUTES, MOST_HOURS = lifetimes.MAX_MINUTES, lifetimes.MAX_MINUTES // 60


class TokenSerializer(LimitFields, RecordingFields, UsageFields, FormerFields, RowSerializer):
    """A key of a project that withers: by time, by revocation or by use."""

    kind = "token"
    audited = (
        "name", "prefix", "project", "expires_at", "max_requests", "is_active", *RecordingFields.names,
        *LimitFields.names,
    )  # fmt: skip
    cleared = {"name": str}

    id = serializers.UUIDField(read_only=True, help_text="Given at creation, never changed.")
    prefix = serializers.CharField(read_only=True, help_text="How the token begins.")
    name = Text(
        max_length=LONGEST_NAME, required=False, allow_blank=True, allow_null=True,
        help_text="A note of what it is for.",
    )  # fmt: skip
    project_id = ProjectReference(source="project", help_text="The project it belongs to, for ever.")
    project_name = serializers.CharField(source="project.name", read_only=True, help_text="Its name.")
    expires_at = FutureMoment(
        required=False, allow_null=True,
        help_text="When it withers; null is never. With none of the three: DEFAULT_TOKEN_LIFETIME from now.",
    )  # fmt: skip
    duration_minutes = Whole(
        min_value=1, max_value=MOST_MINUTES, write_only=True, required=False, allow_null=True,
        help_text="Another way to say expires_at: minutes from now.",
    )  # fmt: skip
    duration_hours = Whole(
        min_value=1, max_value=MOST_HOURS, write_only=True, required=False, allow_null=True,
        help_text="Another way to say expires_at: hours from now.",
    )  # fmt: skip
    max_requests = Whole(
        min_value=0, max_value=MOST_EXACT, required=False, allow_null=True,
        help_text="How many calls it is good for, counted from when this is set. Null or 0: any number.",
    )  # fmt: skip
    is_active = Flag(required=False, help_text="False once it is revoked.")
    status = serializers.ChoiceField(
        choices=STATUS, read_only=True, help_text="Whether it works, or why it does not."
    )
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="When it was revoked.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance and attrs.pop("project", self.instance.project) != self.instance.project:
            raise Invalid("A token stays with its project.", field="project_id")
        attrs["lifetime"] = {way: attrs.pop(way) for way in lifetimes.WAYS if way in attrs}
        return attrs

    def create(self, validated_data: dict[str, Any]) -> WitheringToken:
        is_active = validated_data.pop("is_active", True)
        token: Any
        token, secret = tokens.create(validated_data.pop("project"), self.actor, **validated_data)
        if not is_active:
            tokens.revoke(token, self.actor)
        token.shown_once = secret
        return token

    def steer(self, row: WitheringToken, values: dict[str, Any]) -> dict[str, Any]:
        lifetime, is_active = values.pop("lifetime"), values.pop("is_active", None)
        if lifetime and lifetime != {"expires_at": row.expires_at}:
            values["expires_at"] = lifetimes.end_of(lifetime)
        if "max_requests" in values:
            values["max_requests"] = tokens.whole_quota(values["max_requests"])
        if is_active is not None:
            (tokens.reactivate if is_active else tokens.revoke)(row, self.actor)
        return values


class NewTokenSerializer(TokenSerializer):
    """The same with the token itself."""

    token = serializers.CharField(
        source="shown_once", read_only=True, allow_null=True, default=None,
        help_text="The token itself. This is the only answer that ever has it.",
    )  # fmt: skip


class TokenFilters(FilterSerializer):
    aliases = {"projectId": "project_id", "project": "project_id"}

    search = TextFilter(
        help_text="Part of the name or of the project's name, an id, or the beginning of the token or of the "
        "one before its last rotation: as far as it is shown or known, cut off or masked behind it, or all."
    )
    name = TextFilter(help_text="The whole name.")
    project_id = IdFilter(help_text="Only those of one project. Earlier systems called it projectId.")
    is_active = FlagFilter(help_text="Only those that are not revoked, or only those that are.")
    active_only = FlagFilter(help_text="Only those that work now.")
    status = ChoiceFilter(choices=STATUS, help_text="Only those in one state.")

    def by_search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        named = Q(name__icontains=text) | Q(project__name__icontains=text)
        return rows.filter(named | issuing.resembling(text) | has_id(text))

    def by_active_only(self, rows: QuerySet[Any], wanted: bool) -> QuerySet[Any]:
        return self.by_status(rows, "active") if wanted else rows

    def by_status(self, rows: QuerySet[Any], status: str) -> QuerySet[Any]:
        """As `WitheringToken.status` judges."""
        if status == "revoked":
            return rows.filter(is_active=False)
        is_expired = Q(expires_at__lte=timezone.now())
        rows = rows.filter(is_active=True)
        if status == "expired":
            return rows.filter(is_expired)
        return rows.exclude(is_expired).filter(project__is_active=status == "active")


class Tokens(SecretRows):
    """Keys of a project that wither: by time, by revocation or by use."""

    noun = "token"
    identified = (str, "The id of a token, or the token itself.")
    queryset = WitheringToken.objects.listed().select_related("project")
    serializer_class = TokenSerializer
    answers = {"create": NewTokenSerializer, "rotate": NewTokenSerializer}
    filters = TokenFilters
    ordering = ("-created_at", "-id")

    def find(self, rows: QuerySet[Any], pk: str) -> Any | None:
        """By its id, or by the token itself."""
        return super().find(rows, pk) or self.of_secret(rows, pk)

    def perform_destroy(self, row: WitheringToken) -> None:
        tokens.revoke(row, actors.of(self.request))

    @extend_schema(request=RotationSerializer)
    @action(detail=True, methods=["post"], verb="change")
    def rotate(self, request: Request, pk: str) -> Response:
        """Gives a token a new secret; the rest of it stays. The old one works until its grace ends."""
        return self.renew()
