"""Routes in the management API."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from accounts.api.fields import Flag, RouteCachePolicy, Text, Words
from accounts.api.filters import FilterSerializer, FlagFilter, TextFilter
from accounts.api.modelrows import ModelSerializer
from accounts.api.viewsets import Named, Rows
from accounts.audit import actors, audit

from ..models import TIMEOUTS, Processor, Provider, Route, RouteProcessor
from .links import Names
from .providers import timeout_field

LINKS = ("providers", "processors")
STEPS = Prefetch("steps", RouteProcessor.objects.select_related("processor"))


class RouteSerializer(ModelSerializer):
    """Where calls go whose path begins with a prefix, and the steps they take on the way."""

    kind = "route"
    model = Route
    audited = (
        "name", "path_prefix", *LINKS, "allow_streaming", "allow_non_streaming", "buffer_streaming",
        "hold_preamble", "allowed_origins", "cache_policy", *TIMEOUTS, "is_enabled",
    )  # fmt: skip
    cleared = {"providers": list, "processors": list, "allowed_origins": list, "cache_policy": dict}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=100, help_text="Unique among routes.",
        validators=[UniqueValidator(Route.objects.all(), message="A route has this name already.")],
    )  # fmt: skip
    path_prefix = Text(
        max_length=200, help_text="Such as /v1/chat/completions, or /assistants in the place of /v1.",
        validators=[UniqueValidator(Route.objects.all(), message="A route has this prefix already.")],
    )  # fmt: skip
    providers = Names(
        Provider.objects.all(), "provider_key", "provider", lambda row: row.providers.all(),
        required=False, allow_null=True, help_text="The only providers of its calls, by name. Empty: all.",
    )  # fmt: skip
    processors = Names(
        Processor.objects.all(), "name", "processor", lambda row: steps_of(row),
        required=False, allow_null=True, help_text="The steps of its requests, by name, in order.",
    )  # fmt: skip
    allow_streaming = Flag(required=False, help_text="False: streams are refused with 400.")
    allow_non_streaming = Flag(required=False, help_text="False: answers in one piece are refused with 400.")
    buffer_streaming = Flag(
        required=False, help_text="Holds a stream until it is whole, so that another provider can take over."
    )
    hold_preamble = Flag(
        required=False, allow_null=True,
        help_text="Holds a stream until its first real token. Null: as in the settings.",
    )  # fmt: skip
    allowed_origins = Words(
        required=False, allow_null=True, help_text="Of web pages. Empty: those of the project and settings."
    )
    cache_policy = RouteCachePolicy(
        required=False, allow_null=True, help_text="What it says counts before the word of the project."
    )
    connect_timeout_seconds = timeout_field("a provider accepts the connection")
    first_byte_timeout_seconds = timeout_field("a provider's answer begins")
    idle_timeout_seconds = timeout_field("the next part of an answer")
    total_timeout_seconds = timeout_field("the end of a call")
    is_enabled = Flag(required=False, help_text="The calls of a disabled one take another route, or none.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Route:
        row = self._write(Route(), validated_data)
        audit.record(self.actor, "route.create", row, after=self.shown(row))
        return row

    @transaction.atomic
    def update(self, instance: Route, validated_data: dict[str, Any]) -> Route:
        row = Route.objects.select_for_update().get(pk=instance.pk)
        before = self.shown(row)
        row = self._write(row, validated_data)
        after = self.shown(row)
        changed = [name for name in after if after[name] != before[name]]
        if changed:
            was, now = ({name: of[name] for name in changed} for of in (before, after))
            audit.record(self.actor, "route.update", row, before=was, after=now)
        return row

    def _write(self, row: Route, values: dict[str, Any]) -> Route:
        for name in values.keys() - set(LINKS):
            setattr(row, name, values[name])
        row.save()
        if "providers" in values:
            row.providers.set(values["providers"])
        if "processors" in values and values["processors"] != steps_of(row):
            row.steps.all().delete()
            steps = enumerate(values["processors"], 1)
            RouteProcessor.objects.bulk_create(
                RouteProcessor(route=row, processor=p, position=n) for n, p in steps
            )
        return Route.objects.prefetch_related("providers", STEPS).get(pk=row.pk)

    @classmethod
    def audited_value(cls, row: Any, name: str) -> Any:
        if name == "providers":
            return sorted(provider.provider_key for provider in row.providers.all())
        if name == "processors":
            return [processor.name for processor in steps_of(row)]
        return super().audited_value(row, name)


def steps_of(row: Route) -> list[Processor]:
    return [step.processor for step in row.steps.all()]


class RouteFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name or of the prefix.")
    name = TextFilter(help_text="The whole name.")
    path_prefix = TextFilter(help_text="The whole prefix.")
    provider = TextFilter(help_text="Only those that name this provider.")
    processor = TextFilter(help_text="Only those with this step.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")

    def by_search(self, found: QuerySet[Route], text: str) -> QuerySet[Route]:
        return found.filter(name__icontains=text) | found.filter(path_prefix__icontains=text)

    def by_provider(self, found: QuerySet[Route], name: str) -> QuerySet[Route]:
        return found.filter(providers__provider_key=name)

    def by_processor(self, found: QuerySet[Route], name: str) -> QuerySet[Route]:
        return found.filter(steps__processor__name=name).distinct()


class Routes(Named, Rows):
    """Where calls go, by the prefix of their path."""

    noun = "route"
    identified = (str, "The id of a route, or its name.")
    queryset = Route.objects.prefetch_related("providers", STEPS)
    serializer_class = RouteSerializer
    filters = RouteFilters

    @transaction.atomic
    def perform_destroy(self, row: Route) -> None:
        audit.record(actors.of(self.request), "route.delete", row, before=RouteSerializer.shown(row))
        row.delete()
