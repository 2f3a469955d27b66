"""Alerts in the management API: rules, how they stand, and what they would say now."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from accounts.api.fields import MOST, Choice, Flag, Number, Secret, Text, Whole, Words
from accounts.api.filters import ChoiceFilter, FilterSerializer, FlagFilter, TextFilter
from accounts.api.modelrows import ModelSerializer
from accounts.api.strictness import BodySerializer
from accounts.api.viewsets import Numbered, Rows
from accounts.audit import actors, audit
from accounts.secrets.encryption import DecryptionError
from logs_app.alerts import telling, trying
from logs_app.models import AlertRule, AlertState
from logs_app.models.alerts import LONGEST_WINDOW_MINUTES, PERCENTILES, SCOPE, Kind, Period

AUDITED = (
    "name", "kind", "is_enabled", "project", "key", "model", "provider", "threshold", "clear_threshold",
    "percentile", "window_minutes", "least_requests", "period", "cool_down_minutes", "emails", "webhook_url",
    "webhook_secret",
)  # fmt: skip
SECRETS = ("webhook_url", "webhook_secret")
OPTIONAL: dict[str, Any] = {"max_length": 200, "required": False, "allow_null": True, "allow_blank": True}


class StateSerializer(serializers.Serializer):
    """What is, or was, the case."""

    is_open = serializers.BooleanField(help_text="Whether it still is.")
    subject = serializers.CharField(help_text="A provider, or a key; empty for the rule as a whole.")
    node = serializers.CharField(help_text="The machine that says so; empty where all say the same.")
    words = serializers.CharField(help_text="In words, as it was last seen.")
    value = serializers.FloatField(allow_null=True, help_text="In the unit of the kind.")
    opened_at = serializers.DateTimeField(allow_null=True, help_text="When it began.")
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="When it was over.")
    told_at = serializers.DateTimeField(allow_null=True, help_text="When its beginning was last told.")
    news = serializers.CharField(help_text="What is still to be told: opened, resolved, or nothing.")
    error = serializers.CharField(help_text="Why nobody could be told.")


class AlertSerializer(ModelSerializer):
    """What somebody wants to be told of."""

    kind = "alertrule"
    model = AlertRule
    audited = AUDITED
    cleared = dict.fromkeys((*SCOPE, *SECRETS), str) | {"emails": list}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=100, help_text="Unique among alerts.",
        validators=[UniqueValidator(AlertRule.objects.all(), message="An alert has this name already.")],
    )  # fmt: skip
    is_enabled = Flag(required=False, help_text="Whether anybody looks.")
    threshold = Number(
        required=False, min_value=0,
        help_text="Of error_rate %, latency ms, spend US dollars, expiry hours left, quota % left.",
    )  # fmt: skip
    clear_threshold = Number(
        required=False, allow_null=True, min_value=0,
        help_text="Where it is over, of error_rate, latency and spend. Null: four fifths of the threshold.",
    )  # fmt: skip
    percentile = Whole(required=False, help_text=f"Of latency: one of {', '.join(map(str, PERCENTILES))}.")
    window_minutes = Whole(
        required=False, min_value=1, max_value=LONGEST_WINDOW_MINUTES,
        help_text="How far error_rate and latency look back.",
    )  # fmt: skip
    least_requests = Whole(
        required=False, min_value=1, max_value=MOST,
        help_text="With fewer calls in that time nothing is judged.",
    )  # fmt: skip
    period = Choice(choices=Period.values, required=False, help_text="Of spend, in UTC.")
    cool_down_minutes = Whole(
        required=False, min_value=0, max_value=MOST,
        help_text="The same is told again only so long after it was last told.",
    )  # fmt: skip
    emails = Words(required=False, allow_null=True, help_text="Addresses. Sending needs EMAIL_URL.")
    webhook_url = Secret(help_text="Taken and never given. Null: none.")
    webhook_url_set = serializers.SerializerMethodField(help_text="Whether there is a webhook.")
    webhook_secret = Secret(help_text="Of its signature. Taken and never given. Null: none.")
    webhook_secret_set = serializers.SerializerMethodField(help_text="Whether it is signed.")
    states = StateSerializer(many=True, read_only=True, help_text="What is and was the case, open first.")
    evaluated_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was last looked at; null: never."
    )
    evaluation_error = serializers.CharField(read_only=True, help_text="Why it could not be.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def get_fields(self) -> dict[str, Any]:
        """`kind` and `model` are something else of the class itself."""
        fields = super().get_fields()
        kind = Choice(choices=Kind.choices, help_text="What it is about; see docs/alerts.md.")
        scope = {
            name: Text(**OPTIONAL, help_text=f"Only of this {name}, by name or id. Null: all.")
            for name in SCOPE
        }
        return {"id": fields.pop("id"), "name": fields.pop("name"), "kind": kind, **scope, **fields}

    def validate_webhook_url(self, url: str) -> str:
        if refusal := telling.refusal_of(url):
            raise serializers.ValidationError(refusal)
        return url

    def get_webhook_url_set(self, row: AlertRule) -> bool:
        return bool(row.__dict__["webhook_url"])

    def get_webhook_secret_set(self, row: AlertRule) -> bool:
        return bool(row.__dict__["webhook_secret"])

    def steer(self, row: AlertRule, values: dict[str, Any]) -> dict[str, Any]:
        """Of what cannot be read any more nothing is compared."""
        for name in SECRETS:
            try:
                getattr(row, name)
            except DecryptionError:
                setattr(row, name, "" if name in values else row.__dict__[name])
        return values

    @classmethod
    def audited_value(cls, row: Any, name: str) -> Any:
        if name in SECRETS:
            return "***" if row.__dict__[name] else ""
        return super().audited_value(row, name)


class AlertFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name.")
    kind = ChoiceFilter(choices=Kind.choices, help_text="Only one kind.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")
    is_open = FlagFilter(help_text="Only those of which something is the case now, or only the others.")

    def by_search(self, rows: QuerySet[AlertRule], text: str) -> QuerySet[AlertRule]:
        return rows.filter(name__icontains=text)

    def by_is_open(self, rows: QuerySet[AlertRule], flag: bool) -> QuerySet[AlertRule]:
        found = AlertState.objects.filter(is_open=True).values("rule_id")
        return rows.filter(pk__in=found) if flag else rows.exclude(pk__in=found)


class LookSerializer(BodySerializer):
    """Whether to send something."""

    send = Flag(default=False, help_text="Send a test, marked as one, to those whom the alert is told.")


class FindingSerializer(serializers.Serializer):
    """What the alert sees of one thing now."""

    subject = serializers.CharField(help_text="A provider, or a key; empty for the rule as a whole.")
    value = serializers.FloatField(allow_null=True, help_text="In the unit of the kind; null: not judged.")
    words = serializers.CharField(help_text="In words.")
    verdict = serializers.ChoiceField(
        choices=list(trying.VERDICTS), help_text="Whether an alert would begin, would be over, or neither."
    )
    link = serializers.CharField(help_text="A page of the admin that shows more.")


class LookedSerializer(serializers.Serializer):
    """What an alert would say. Nothing was changed."""

    findings = FindingSerializer(many=True, help_text="Empty: there is nothing to be seen.")
    reached = serializers.ListField(
        child=serializers.CharField(), help_text="Who got the test: webhook, email."
    )
    error = serializers.CharField(help_text="Why somebody did not get it.")


class Alerts(Numbered, Rows):
    """What somebody wants to be told of, and what of it is the case."""

    noun = "alert"
    identified = (int, "The id of an alert.")
    queryset = AlertRule.objects.prefetch_related("states")
    serializer_class = AlertSerializer
    filters = AlertFilters

    @transaction.atomic
    def perform_destroy(self, row: AlertRule) -> None:
        audit.record(actors.of(self.request), "alertrule.delete", row, before=AlertSerializer.shown(row))
        row.delete()

    @extend_schema(summary="Try an alert", request=LookSerializer, responses=LookedSerializer)
    @action(detail=True, methods=["post"], url_path="try", verb="change")
    def attempt(self, request: Request, pk: str) -> Response:
        """Looks at once, whether the alert is enabled or not, and says what it sees. Changes nothing."""
        wanted = LookSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        rule = self.get_object()
        reached, error = trying.send(rule) if wanted.validated_data["send"] else ([], "")
        tried = {"findings": trying.findings(rule), "reached": reached, "error": error}
        return Response(LookedSerializer(tried).data)
