"""Providers and settings as two earlier systems showed them: the same rows and rules under other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import singlerow
from accounts.api.aliases import Versioned, VersionedList, VersionedUpdate
from accounts.api.fields import Flag, Number, Secret, Text, Whole
from accounts.api.strictness import BodySerializer
from accounts.audit import actors
from logs_app.models import LogSettings
from logs_app.settingsapi import LogSettingsSerializer

from ..configuration.provisioning import DEFAULT_PROVIDER
from ..models import Provider, RelaySettings
from . import v1health
from .providers import Providers, ProviderSerializer
from .settings import MOST_SMALL, SettingsSerializer
from .v1health import HealthQuestion, ProviderHealth

V1_FIELDS = (
    "id", "provider_key", "provider_type", "api_base", "api_key", "model_mapping", "weight",
    "provider_params", "is_enabled",
)  # fmt: skip

# Of our columns, the names of an earlier system.
SETTINGS_NAMES = {
    "default_model": "default_model",
    "http_max_retries": "http_max_retries",
    "first_byte_timeout_seconds": "http_timeout_seconds",
    "idle_timeout_seconds": "http_timeout_seconds",
}
RECORDS_NAMES = {"redact_logs": "redact_logs"}
PROVIDER_NAMES = {"api_base": "target_base_url", "api_key": "target_api_key"}


class VersionedProviders(VersionedList):
    member = "providers"


class V1ProviderSerializer(ProviderSerializer):
    """A provider, as an earlier system showed it."""

    only = V1_FIELDS


class V1ProviderCreated(Versioned):
    """What was created."""

    provider = V1ProviderSerializer(source="*", help_text="Without its key.")


class V1ProviderUpdated(VersionedUpdate):
    """What was changed."""

    provider = V1ProviderSerializer(source="*", help_text="Without its key.")


class V1Providers(Providers):
    """Far sides to which calls go, in the shapes of an earlier system."""

    serializer_class = V1ProviderSerializer
    answers = {
        "create": V1ProviderCreated,
        "update": V1ProviderUpdated,
        "partial_update": V1ProviderUpdated,
    }
    pagination_class = VersionedProviders

    @extend_schema(request=HealthQuestion, responses=ProviderHealth)
    @action(detail=True, methods=["post"], verb="change")
    def health(self, request: Request, pk: str) -> Response:
        """Asks the provider for its models, or models of it for one token."""
        given = HealthQuestion(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(ProviderHealth(v1health.ask([self.get_object()], **given.validated_data)[0]).data)


class TargetSerializer(BodySerializer):
    """The settings of an earlier system: `target_…` is the provider `default`."""

    proxy_base_url = serializers.SerializerMethodField(help_text="The variable PROXY_BASE_URL.")
    target_base_url = Text(max_length=500, required=False, help_text="The address of the provider.")
    target_api_key = Secret(help_text="Taken and never given. Null: none.")
    target_api_key_set = serializers.SerializerMethodField(help_text="Whether the provider has a key.")
    default_model = Text(
        max_length=200, required=False, allow_null=True, allow_blank=True,
        help_text="Put into requests that name none.",
    )  # fmt: skip
    http_timeout_seconds = Number(
        required=False, help_text="Until an answer begins, and between two parts of it."
    )
    http_max_retries = Whole(
        min_value=0, max_value=MOST_SMALL, required=False, help_text="Repeats at the provider."
    )

    redact_logs = Flag(required=False, help_text="Whether records are redacted before they are stored.")

    def get_proxy_base_url(self, row: Any) -> str:
        return settings.PROXY_BASE_URL

    def get_target_api_key_set(self, row: Any) -> bool:
        return bool(row["target_api_key_set"])


@extend_schema_view(
    get=extend_schema(summary="Show the settings", responses=TargetSerializer),
    put=extend_schema(summary="Change the settings", request=TargetSerializer, responses=TargetSerializer),
)
class TargetSettings(APIView):
    """Settings and the first provider, in the shape of an earlier system."""

    queryset = RelaySettings.objects.all()

    def get(self, request: Request) -> Response:
        return Response(TargetSerializer(target()).data)

    @transaction.atomic
    def put(self, request: Request) -> Response:
        given = TargetSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        change(given.validated_data, {"actor": actors.of(request)})
        return self.get(request)


def target() -> dict[str, Any]:
    held, provider = (
        singlerow.read(RelaySettings),
        Provider.objects.filter(provider_key=DEFAULT_PROVIDER).first(),
    )
    return {
        "target_base_url": provider.api_base if provider else "",
        "target_api_key_set": provider is not None and provider.api_key_state != "not_set",
        "default_model": held.default_model,
        "http_timeout_seconds": held.first_byte_timeout_seconds,
        "http_max_retries": held.http_max_retries,
        "redact_logs": singlerow.read(LogSettings).redact_logs,
    }


def change(given: dict[str, Any], context: dict[str, Any]) -> None:
    """Through the serializers of settings, records and providers: one set of rules, one audit trail."""
    if held := _under(SETTINGS_NAMES, given):
        row = singlerow.kept(RelaySettings)
        _save(SettingsSerializer(row, data=held, partial=True, context=context), SETTINGS_NAMES)
    if kept := _under(RECORDS_NAMES, given):
        row = singlerow.kept(LogSettings)
        _save(LogSettingsSerializer(row, data=kept, partial=True, context=context), RECORDS_NAMES)
    if found := _under(PROVIDER_NAMES, given):
        row = Provider.objects.filter(provider_key=DEFAULT_PROVIDER).first()
        data = found if row else {"provider_key": DEFAULT_PROVIDER} | found
        _save(ProviderSerializer(row, data=data, partial=row is not None, context=context), PROVIDER_NAMES)


def _under(names: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {column: given[name] for column, name in names.items() if name in given}


def _save(serializer: serializers.BaseSerializer[Any], names: Mapping[str, str]) -> None:
    """What is refused is named as it was given."""
    if not serializer.is_valid():
        refused = {names.get(column, column): words for column, words in serializer.errors.items()}
        raise serializers.ValidationError(refused)
    serializer.save()
