"""Processors in the management API."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from accounts.api.fields import Choice, Flag, Object, Text
from accounts.api.filters import FilterSerializer, FlagFilter, TextFilter
from accounts.api.modelrows import ModelSerializer
from accounts.api.strictness import BodySerializer
from accounts.api.viewsets import Named, Rows
from accounts.audit import actors, audit
from accounts.errors import Taken

from ..configuration.rows import processor_of
from ..models import OnError, Processor
from ..processors import TYPES, preview
from .links import Names

LONGEST_VALUE = 100_000


class ProcessorSerializer(ModelSerializer):
    """A step that requests of a route take before they go out."""

    kind = "processor"
    model = Processor
    audited = ("name", "type", "config_value", "additional_config", "on_error", "is_enabled")
    cleared = {"config_value": str, "additional_config": dict}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=100, help_text="Unique among processors.",
        validators=[UniqueValidator(Processor.objects.all(), message="A processor has this name already.")],
    )  # fmt: skip
    type = Text(max_length=100, help_text=f"One of {', '.join(TYPES)}.")
    config_value = Text(
        max_length=LONGEST_VALUE, required=False, allow_null=True, allow_blank=True, trim_whitespace=False,
        help_text="What it needs most: a model, a prompt, an expression.",
    )  # fmt: skip
    additional_config = Object(required=False, allow_null=True, help_text="Further settings of its type.")
    on_error = Choice(
        choices=OnError.values, required=False,
        help_text="When it fails: the call fails with 502, or goes on without it.",
    )  # fmt: skip
    is_enabled = Flag(required=False, help_text="A disabled one is left out of all routes.")
    routes = serializers.SerializerMethodField(help_text="Which routes it is a step of.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def get_routes(self, row: Processor) -> list[str]:
        return users_of(row)


def users_of(row: Processor) -> list[str]:
    return sorted({use.route.name for use in row.uses.all()})


class ProcessorFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name.")
    name = TextFilter(help_text="The whole name.")
    type = TextFilter(help_text="Only those of one type.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")

    def by_search(self, found: QuerySet[Processor], text: str) -> QuerySet[Processor]:
        return found.filter(name__icontains=text)


class PreviewSerializer(BodySerializer):
    """A request, and the steps it is to take."""

    processors = Names(Processor.objects.all(), "name", "processor", help_text="Their names, in order.")
    path = Text(max_length=2000, default="/v1/chat/completions", help_text="Where the request would go.")
    request = Object(help_text="Its JSON body.")


class StepSerializer(serializers.Serializer):
    """What one processor did."""

    name = serializers.CharField(help_text="Its name.")
    type = serializers.CharField(help_text="Its type.")
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="The parameters that it changed."
    )
    failed = serializers.CharField(allow_null=True, help_text="Why it failed; null when it did not.")


class PreviewedSerializer(serializers.Serializer):
    """The request after its steps."""

    request = serializers.DictField(help_text="As it would be sent, as far as the steps got.")
    steps = StepSerializer(many=True, help_text="What each of them did.")


class Processors(Named, Rows):
    """Steps that requests of a route take before they go out."""

    noun = "processor"
    identified = (str, "The id of a processor, or its name.")
    queryset = Processor.objects.prefetch_related("uses__route")
    serializer_class = ProcessorSerializer
    filters = ProcessorFilters

    @transaction.atomic
    def perform_destroy(self, row: Processor) -> None:
        if routes := users_of(row):
            raise Taken(f"The processor '{row.name}' is a step of {', '.join(routes)}. Change that first.")
        audit.record(actors.of(self.request), "processor.delete", row, before=ProcessorSerializer.shown(row))
        row.delete()

    @extend_schema(request=PreviewSerializer, responses=PreviewedSerializer)
    @action(detail=False, methods=["post"], verb="change")
    def preview(self, request: Request) -> Response:
        """Shows what a request would look like after its steps. No model is asked and nothing is sent."""
        given = PreviewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        steps = [processor_of(row) for row in given.validated_data["processors"]]
        after, taken = async_to_sync(preview.run)(
            steps, given.validated_data["path"], dict(given.validated_data["request"])
        )
        return Response({"request": after, "steps": StepSerializer(taken, many=True).data})
