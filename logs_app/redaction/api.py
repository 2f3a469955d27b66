"""Own rules of redaction in the management API, and what one of them would find."""

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

from accounts.api.fields import Choice, Flag, ProjectReference, Text, Whole
from accounts.api.filters import ChoiceFilter, FilterSerializer, FlagFilter, TextFilter
from accounts.api.rows import RowSerializer
from accounts.api.strictness import BodySerializer
from accounts.api.viewsets import Numbered, Rows
from accounts.audit import actors, audit
from accounts.errors import Invalid
from logs_app import reveals
from logs_app.models import LogRecord, RedactionRule

from . import rules, trial

ACTIONS = [RedactionRule.REDACT, RedactionRule.ALLOW]
MOST_RECORDS = 1000
AUDITED = ("name", "action", "label", "pattern", "project", "is_enabled")


class RuleSerializer(RowSerializer):
    """A pattern whose matches are redacted, or left as they are."""

    kind = "redactionrule"
    audited = AUDITED
    cleared = {"label": str}

    id = serializers.IntegerField(read_only=True, help_text="Given at creation, never changed.")
    name = Text(
        max_length=100, help_text="Unique among rules.",
        validators=[UniqueValidator(RedactionRule.objects.all(), message="A rule has this name already.")],
    )  # fmt: skip
    action = Choice(
        choices=ACTIONS, required=False,
        help_text="redact: what matches is replaced. allow: what matches wholly is left as it is.",
    )  # fmt: skip
    label = Text(
        max_length=32, required=False, allow_blank=True, allow_null=True,
        help_text="EMPLOYEE gives [EMPLOYEE_1]. Of a rule that allows: the kind it is about, or empty.",
    )  # fmt: skip
    pattern = Text(max_length=1000, help_text="In the syntax of RE2.")
    project_id = ProjectReference(
        source="project",
        required=False,
        allow_null=True,
        help_text="The project it is for. Null: all of them.",
    )
    is_enabled = Flag(required=False, help_text="Whether it is applied.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was created.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it was last changed.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {
            name: attrs.get(name, getattr(self.instance, name, "")) for name in ("pattern", "label", "action")
        }
        refusal = rules.refusal(
            given["pattern"], given["label"], allows=given["action"] == RedactionRule.ALLOW
        )
        if refusal:
            field, words = refusal
            raise Invalid(words, field=field)
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> RedactionRule:
        rule = RedactionRule.objects.create(**validated_data)
        audit.record(self.actor, f"{self.kind}.create", rule, after=self.shown(rule))
        return rule


class RuleFilters(FilterSerializer):
    search = TextFilter(help_text="Part of the name.")
    action = ChoiceFilter(choices=ACTIONS, help_text="Only one action.")
    is_enabled = FlagFilter(help_text="Only enabled, or only disabled ones.")

    def by_search(self, rows: QuerySet[RedactionRule], text: str) -> QuerySet[RedactionRule]:
        return rows.filter(name__icontains=text)


class TryingSerializer(BodySerializer):
    """How many records to try a rule on."""

    records = Whole(
        min_value=1,
        max_value=MOST_RECORDS,
        default=100,
        help_text="The newest so many, of those you may see.",
    )


class MatchSerializer(serializers.Serializer):
    """What a rule finds in a record."""

    record_id = serializers.UUIDField(help_text="The record.")
    label = serializers.CharField(help_text="What would stand in its place, without the number.")
    masked = serializers.CharField(help_text="How it begins, and how long it is.")
    context = serializers.CharField(help_text="The text around it, as it would be stored.")


class TriedSerializer(serializers.Serializer):
    """What a rule finds in past records. Nothing was changed."""

    seen = serializers.IntegerField(help_text="Records that were looked at.")
    changed = serializers.IntegerField(help_text="Of these, records that would change.")
    matches = MatchSerializer(many=True, help_text=f"At most {trial.MOST_MATCHES}.")


class Rules(Numbered, Rows):
    """What is redacted, or left as it is, besides what the relay knows by itself."""

    noun = "redaction rule"
    identified = (int, "The id of a rule.")
    queryset = RedactionRule.objects.select_related("project")
    serializer_class = RuleSerializer
    filters = RuleFilters

    @transaction.atomic
    def perform_destroy(self, row: RedactionRule) -> None:
        audit.record(actors.of(self.request), "redactionrule.delete", row, before=RuleSerializer.shown(row))
        row.delete()

    @extend_schema(summary="Try a redaction rule", request=TryingSerializer, responses=TriedSerializer)
    @action(detail=True, methods=["post"], url_path="try", verb="view", guarded=LogRecord)
    def attempt(self, request: Request, pk: str) -> Response:
        """Shows what a rule, enabled or not, finds in past records, masked. Nothing is changed."""
        wanted = TryingSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        visible = LogRecord.objects.revealed_to(request.user).order_by("-id")
        records = list(visible[: wanted.validated_data["records"]])
        found = trial.of_rule(self.get_object(), records)
        reveals.note_matches(request, records, found["matches"])
        return Response(TriedSerializer(found).data)
