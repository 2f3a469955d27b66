"""Providers in the management API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from accounts.api.fields import MOST, Flag, Number, Object, Policy, Secret, Secrets, Text, Whole, Words
from accounts.api.filters import FilterSerializer, FlagFilter, TextFilter
from accounts.api.modelrows import ModelSerializer
from accounts.api.viewsets import Named, Rows
from accounts.audit import actors, audit
from accounts.errors import Taken
from accounts.secrets import upstreamkeys
from accounts.secrets.encryption import DecryptionError

from ..configuration import rows
from ..health import check, standing, stored
from ..models import Provider
from ..provider_types import presets
from .health import CheckSerializer, ReportSerializer, StandingSerializer

TIMEOUT_HELP = "Seconds until {}. Null: as in the settings."
MOST_RETRIES = 100


def timeout_field(what: str) -> Number:
    return Number(required=False, allow_null=True, help_text=TIMEOUT_HELP.format(what))


class ProviderSerializer(ModelSerializer):
    """A far side to which calls go."""

    kind = "provider"
    model = Provider
    audited = (
        "provider_key", "provider_type", "api_base", "allow_internal_address", "api_key", "extra_api_keys",
        "api_key_env", "model_mapping", "endpoints", "supports_streaming", "weight", "priority",
        "provider_params", "policy", "is_enabled", "inject_stream_usage", "http_max_retries",
        "connect_timeout_seconds", "first_byte_timeout_seconds", "idle_timeout_seconds",
        "total_timeout_seconds",
    )  # fmt: skip
    cleared = {
        "api_key": str, "extra_api_keys": str, "api_key_env": str, "model_mapping": dict, "endpoints": list,
        "provider_params": dict, "policy": dict, "weight": lambda: 1, "priority": int,
    }  # fmt: skip

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    preset = serializers.ChoiceField(
        choices=presets.NAMES, write_only=True, required=False,
        help_text="Fills in what is left open of a new provider: its type, address, parameters.",
    )  # fmt: skip
    provider_key = Text(
        max_length=100, help_text="Names it in addresses, headers and records. Unique among providers.",
        validators=[UniqueValidator(Provider.objects.all(), message="A provider has this name already.")],
    )  # fmt: skip
    provider_type = Text(
        max_length=100, required=False, help_text="openai, azure, anthropic, or a class of your own."
    )
    api_base = Text(max_length=500, help_text="The address; one without a path gets /v1.")
    allow_internal_address = Flag(required=False, help_text="Lets the address be link-local.")
    api_key = Secret(help_text="Taken and never given. Null: none.")
    api_key_set = serializers.SerializerMethodField(help_text="Whether it has one.")
    api_key_preview = serializers.SerializerMethodField(help_text="How it begins; null when there is none.")
    extra_api_keys = Secrets(
        write_only=True, required=False, allow_null=True, help_text="Further keys; calls take them in turn."
    )
    extra_api_keys_count = serializers.SerializerMethodField(help_text="How many there are.")
    api_key_env = Text(
        max_length=100, required=False, allow_null=True, allow_blank=True,
        help_text="The environment variable that holds the key instead.",
    )  # fmt: skip
    model_mapping = Object(
        required=False, allow_null=True,
        help_text="Asked name or pattern to the provider's name, or an object with mapped_model. Empty: all.",
    )  # fmt: skip
    endpoints = Words(
        required=False, allow_null=True, help_text='What it serves: ["chat/completions"]. Empty: everything.'
    )
    supports_streaming = Flag(required=False, help_text="Streams do not go to one that cannot.")
    weight = Whole(
        min_value=0, max_value=MOST, required=False, allow_null=True,
        help_text="Its share of the calls. 0: no new ones. Null: 1.",
    )  # fmt: skip
    priority = Whole(
        min_value=0, max_value=MOST, required=False, allow_null=True,
        help_text="0 is asked first, a higher number when all before it fail.",
    )  # fmt: skip
    provider_params = Object(required=False, allow_null=True, help_text="Parameters of the type.")
    policy = Policy(required=False, allow_null=True, help_text="What calls that go there may contain.")
    is_enabled = Flag(required=False, help_text="A disabled one gets no calls.")
    inject_stream_usage = Flag(
        required=False, allow_null=True, help_text="Ask for usage in streams. Null: as in the settings."
    )
    http_max_retries = Whole(
        min_value=0, max_value=MOST_RETRIES, required=False, allow_null=True,
        help_text="Repeats at this provider. Null: as in the settings.",
    )  # fmt: skip
    connect_timeout_seconds = timeout_field("it accepts the connection")
    first_byte_timeout_seconds = timeout_field("its answer begins")
    idle_timeout_seconds = timeout_field("the next part of an answer")
    total_timeout_seconds = timeout_field("the end of a call")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def to_internal_value(self, data: Any) -> Any:
        is_new = self.instance is None and isinstance(data, Mapping)
        values = super().to_internal_value(presets.filled(data) if is_new else data)
        if "preset" in values:
            raise serializers.ValidationError({"preset": "Only a new provider is filled in from a preset."})
        return values

    def get_api_key_set(self, row: Provider) -> bool:
        return row.api_key_state != "not_set"

    def get_api_key_preview(self, row: Provider) -> str | None:
        return preview(row)

    def get_extra_api_keys_count(self, row: Provider) -> int:
        return count_extra(row)

    def steer(self, row: Provider, values: dict[str, Any]) -> dict[str, Any]:
        """Of what cannot be read any more nothing is compared."""
        for name in ("api_key", "extra_api_keys"):
            try:
                getattr(row, name)
            except DecryptionError:
                setattr(row, name, "" if name in values else row.__dict__[name])
        return values

    @classmethod
    def audited_value(cls, row: Any, name: str) -> Any:
        if name == "api_key":
            return preview(row)
        return count_extra(row) if name == "extra_api_keys" else super().audited_value(row, name)


def preview(row: Provider) -> str | None:
    try:
        return upstreamkeys.preview(row.api_key)
    except DecryptionError:
        return "unreadable"


def count_extra(row: Provider) -> int:
    try:
        return len(row.extra_api_keys.splitlines())
    except DecryptionError:
        return 0


class ProviderFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name or of the address.")
    provider_key = TextFilter(help_text="The whole name.")
    provider_type = TextFilter(help_text="Only those of one type.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")

    def by_search(self, found: QuerySet[Provider], text: str) -> QuerySet[Provider]:
        return found.filter(Q(provider_key__icontains=text) | Q(api_base__icontains=text))


class Providers(Named, Rows):
    """Far sides to which calls go."""

    noun = "provider"
    identified = (str, "The id of a provider, or its name.")
    queryset = Provider.objects.all()
    serializer_class = ProviderSerializer
    filters = ProviderFilters
    name_column = "provider_key"

    @transaction.atomic
    def perform_destroy(self, row: Provider) -> None:
        if users := users_of(row):
            raise Taken(
                f"The provider '{row.provider_key}' is used by {', '.join(users)}. Change that first."
            )
        before = self.get_serializer_class().shown(row)
        audit.record(actors.of(self.request), "provider.delete", row, before=before)
        standing.reset(row.pk)
        row.delete()

    @extend_schema(request=CheckSerializer, responses=ReportSerializer)
    @action(detail=True, methods=["post"], verb="change")
    def test(self, request: Request, pk: str) -> Response:
        """Asks the provider for its models, or a model of it for one token, and says what is wrong."""
        given = CheckSerializer.of(request)
        provider, model = rows.provider_of(self.get_object()), given.pop("model", None)
        (report,) = check.run([(provider, model)], **given)
        standing.note(provider, report.outcome, stored.rules())
        return Response(ReportSerializer(report).data)

    @extend_schema(responses=StandingSerializer)
    @action(detail=True, methods=["get"])
    def state(self, request: Request, pk: str) -> Response:
        """Whether it gets calls now, and why not."""
        return _standing(self.get_object())

    @extend_schema(request=None, responses=StandingSerializer)
    @action(detail=True, methods=["post"], verb="change")
    def reset(self, request: Request, pk: str) -> Response:
        """Forgets that it ever failed: it gets calls again, with all its keys."""
        row = self.get_object()
        standing.reset(row.pk)
        audit.record(actors.of(request), "provider.reset", row)
        return _standing(row)


def _standing(row: Provider) -> Response:
    (found,) = stored.of([row])
    if row.is_enabled and not row.weight:
        found = standing.without_weight(found)
    return Response(StandingSerializer(found).data)


def users_of(row: Provider) -> list[str]:
    """Who would be left without their provider; a route without any would mean all of them."""
    routes = [route for route in row.route_set.all() if route.providers.count() == 1]
    projects = [name for _, name in stored.own_keys([row.provider_key])]
    return [f"route '{route}'" for route in routes] + [f"project '{name}'" for name in projects]
