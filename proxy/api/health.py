"""How providers are, in the management API."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import LONGEST_NAME, Number, Text
from accounts.api.strictness import BodySerializer

from ..health import check, standing

LONGEST_SECONDS = 120.0


class CheckSerializer(BodySerializer):
    """What to ask a provider."""

    model = Text(
        max_length=LONGEST_NAME, required=False, allow_null=True,
        help_text="The provider's name of a model, to be asked for one token. Else its models are listed.",
    )  # fmt: skip
    timeout_seconds = Number(
        min_value=0.1, max_value=LONGEST_SECONDS, required=False, help_text="How long it may take."
    )

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        given = cls(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


class ReportSerializer(serializers.Serializer):
    """What a provider answered."""

    ok = serializers.BooleanField(source="is_ok", help_text="Whether it can be used.")
    fault = serializers.CharField(help_text="What is wrong, for programs; empty when nothing is.")
    message = serializers.CharField(source="words", help_text="The same for people.")
    status = serializers.IntegerField(allow_null=True, help_text="The HTTP status; null without an answer.")
    latency_ms = serializers.IntegerField(help_text="How long it took.")
    models = serializers.ListField(child=serializers.CharField(), help_text="The models that it lists.")
    checked_at = serializers.SerializerMethodField(help_text="Now.")

    def get_checked_at(self, report: check.Report) -> str:
        return timezone.now().isoformat()


class StandingSerializer(serializers.Serializer):
    """What the relay thinks of a provider."""

    status = serializers.ChoiceField(choices=standing.STATUSES, help_text="Its state.")
    message = serializers.CharField(source="words", help_text="The same for people.")
    share = serializers.FloatField(help_text="Of its weight, from 0 to 1.")
    until = serializers.DateTimeField(allow_null=True, help_text="When it is tried again, if it is left out.")
    reason = serializers.CharField(help_text="Of the last failure; empty when there is none.")
    last_error = serializers.CharField(help_text="The same in words.")
    refused_keys = serializers.IntegerField(help_text="How many of its several keys are set aside.")
    changed_at = serializers.DateTimeField(allow_null=True, help_text="When this last changed.")
