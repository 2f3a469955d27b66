"""Dispatchers in the management API: who is told of records, how they fare, and what could not be told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator
from rest_framework.viewsets import ViewSet

from accounts.api.fields import Choice, Flag, Object, Secret, Text, Whole
from accounts.api.filters import ChoiceFilter, FilterSerializer, FlagFilter, TextFilter
from accounts.api.modelrows import ModelSerializer
from accounts.api.strictness import BodySerializer
from accounts.api.viewsets import Numbered, Rows
from accounts.audit import actors, audit
from accounts.errors import Invalid
from logs_app.dispatching import deadletters, plan, state, trial
from logs_app.dispatching.plan import BadPlan
from logs_app.events import subscriptions
from logs_app.models import DeadLetter, Dispatcher
from logs_app.models.dispatchers import LARGEST_BATCH
from logs_app.sinks import KINDS

MOST_LETTERS = 200
NAME_STAYS = "A name stays: it is where the dispatcher stopped. Make another one."


class DispatcherStateSerializer(serializers.Serializer):
    """How a dispatcher fares. Counts are since it began."""

    name = serializers.CharField(help_text="Its name.")
    is_running = serializers.BooleanField(help_text="Whether somebody is at work for it.")
    is_failing = serializers.BooleanField(help_text="Whether something went wrong since its last success.")
    lag = serializers.IntegerField(help_text="Records that it has still to be told of.")
    delivered = serializers.IntegerField(help_text="Events that arrived.")
    retried = serializers.IntegerField(help_text="How often events were tried again.")
    dead = serializers.IntegerField(help_text="Events that it gave up on.")
    lost = serializers.IntegerField(help_text="Records that were removed before it got to them.")
    dead_letters = serializers.IntegerField(help_text="Of those given up, the ones that are kept now.")
    last_success_at = serializers.DateTimeField(allow_null=True, help_text="When an event last arrived.")
    last_error = serializers.CharField(help_text="What went wrong last; may be over.")
    last_error_at = serializers.DateTimeField(allow_null=True, help_text="When.")


class DispatcherSerializer(ModelSerializer):
    """Somebody who is told of every record, from its creation on."""

    kind = "dispatcher"
    model = Dispatcher
    audited = ("name", "service", "endpoint", "options", "filter", "batch_size", "is_enabled")
    cleared = {"endpoint": str, "api_key": str, "options": dict, "filter": dict}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=200, help_text="Unique among dispatchers, and never changed.",
        validators=[UniqueValidator(Dispatcher.objects.all(), message="A dispatcher has this name already.")],
    )  # fmt: skip
    service = Choice(choices=list(KINDS), help_text="What kind of place the events go to.")
    endpoint = Text(
        max_length=2000, required=False, allow_blank=True, allow_null=True,
        help_text="Of file a name below the folder events of the data folder, of python the dotted path of a "
        "class, of all others a base URL, or nothing for the service's own.",
    )  # fmt: skip
    api_key = Secret(help_text="The key of the service; never given back.")
    has_api_key = serializers.SerializerMethodField(help_text="Whether there is one.")
    options = Object(required=False, allow_null=True, help_text="Of the service.")
    filter = Object(
        required=False, allow_null=True,
        help_text="Which events, like those of a list of records: `{\"status\": \"5xx\"}`.",
    )  # fmt: skip
    batch_size = Whole(
        min_value=1, max_value=LARGEST_BATCH, required=False, help_text="Events at once, at most."
    )
    is_enabled = Flag(required=False, help_text="A disabled one goes on where it stopped when it is enabled.")
    state = serializers.SerializerMethodField(help_text="How it fares.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def get_has_api_key(self, row: Dispatcher) -> bool:
        return bool(row.__dict__["api_key"])

    @extend_schema_field(DispatcherStateSerializer)
    def get_state(self, row: Dispatcher) -> Any:
        found = self.context.setdefault("states", None) or state.states()
        self.context["states"] = found  # of all rows of a page at once
        return DispatcherStateSerializer(found.get(row.name) or state.State(row.name)).data

    def validate_name(self, name: str) -> str:
        if self.instance is not None and name != self.instance.name:
            raise serializers.ValidationError(NAME_STAYS)
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        stored = {name: self.instance.__dict__[name] for name in plan.COLUMNS} if self.instance else {}
        given = {name: attrs[name] for name in plan.COLUMNS if name in attrs}
        if given:  # else one whose key cannot be read any more could not even be disabled
            try:
                plan.of_row(Dispatcher(**stored | given)).check()
            except BadPlan as error:
                raise Invalid(str(error), field=error.field) from None
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Any:
        row = super().create(validated_data)
        subscriptions.begin(row.name, "now")
        return row


class DispatcherFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name.")
    service = ChoiceFilter(choices=list(KINDS), help_text="Only those of one service.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")

    def by_search(self, rows: QuerySet[Dispatcher], text: str) -> QuerySet[Dispatcher]:
        return rows.filter(name__icontains=text)


class TrialSerializer(serializers.Serializer):
    """What became of the test event."""

    has_arrived = serializers.BooleanField(help_text="Whether the service took it.")
    words = serializers.CharField(help_text="What it said.")


class DeadLetterSerializer(serializers.Serializer):
    """An event that a dispatcher gave up on."""

    record_id = serializers.UUIDField(help_text="The record, which is the event's id.")
    died_at = serializers.DateTimeField(help_text="When it was given up.")
    reason = serializers.CharField(help_text="Why.")
    is_due = serializers.BooleanField(help_text="Whether it is to be sent again.")


class DeadLettersSerializer(serializers.Serializer):
    """Events that a dispatcher gave up on."""

    count = serializers.IntegerField(help_text="How many there are.")
    results = DeadLetterSerializer(many=True, help_text=f"The newest {MOST_LETTERS}.")


class ChosenSerializer(BodySerializer):
    """Which of them."""

    record_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, max_length=1000,
        help_text="Their ids. Null: all of them.",
    )  # fmt: skip


class CountSerializer(serializers.Serializer):
    """How many there were."""

    count = serializers.IntegerField(help_text="Events.")


class Dispatchers(Numbered, Rows):
    """Who is told of records."""

    noun = "dispatcher"
    identified = (int, "The id of a dispatcher.")
    queryset = Dispatcher.objects.all()
    serializer_class = DispatcherSerializer
    filters = DispatcherFilters

    @transaction.atomic
    def perform_destroy(self, row: Dispatcher) -> None:
        """What it has not been told it will never be."""
        audit.record(
            actors.of(self.request), "dispatcher.delete", row, before=DispatcherSerializer.shown(row)
        )
        row.delete()
        subscriptions.end(row.name)

    @extend_schema(summary="Send a test event", request=None, responses=TrialSerializer)
    @action(detail=True, methods=["post"], verb="change")
    def test(self, request: Request, pk: str) -> Response:
        """Sends an event that tells of no call, and says what the service answered."""
        return Response(TrialSerializer(trial.send(plan.of_row(self.get_object()))).data)

    @extend_schema(summary="List undelivered events", responses=DeadLettersSerializer)
    @action(detail=True, methods=["get"], url_path="dead-letters", pagination_class=None)
    def dead_letters(self, request: Request, pk: str) -> Response:
        """Those that the dispatcher gave up on."""
        letters = deadletters.of(self.get_object().name)
        return Response(
            DeadLettersSerializer({"count": letters.count(), "results": letters[:MOST_LETTERS]}).data
        )

    @extend_schema(summary="Send events again", request=ChosenSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="dead-letters/resend", verb="change")
    def resend(self, request: Request, pk: str) -> Response:
        """Marks events that the dispatcher gave up on: it sends them again when it is at work."""
        row = self.get_object()
        count = deadletters.resend(self._chosen(row))
        audit.record(actors.of(request), "dispatcher.resend", row, detail={"events": count})
        return Response({"count": count})

    @extend_schema(summary="Drop undelivered events", request=ChosenSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="dead-letters/drop", verb="change")
    def drop(self, request: Request, pk: str) -> Response:
        """Forgets that the dispatcher gave up on them. Their records stay."""
        row = self.get_object()
        count = deadletters.drop(self._chosen(row))
        audit.record(actors.of(request), "dispatcher.drop", row, detail={"events": count})
        return Response({"count": count})

    def _chosen(self, row: Dispatcher) -> QuerySet[DeadLetter]:
        given = ChosenSerializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        ids = given.validated_data.get("record_ids")
        letters = deadletters.of(row.name)
        return letters if ids is None else letters.filter(record_id__in=ids)


class Subscribers(ViewSet):
    queryset = Dispatcher.objects.all()

    @extend_schema(
        operation_id="manage_subscribers_list",
        summary="Show how all subscribers fare",
        responses=DispatcherStateSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Also those that were started on a command line, and the file of FILE_EVENT_LOG."""
        return Response(DispatcherStateSerializer(list(state.states().values()), many=True).data)
