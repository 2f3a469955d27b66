"""`POST /manage/logs/compare`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.strictness import BodySerializer, refuse_unknown
from accounts.audit import actors, audit
from accounts.audit.audit import Actor
from logs_app.exporting.wholerecords import line
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord, LogRecordQuerySet
from proxy.compare import checks, running, summary
from proxy.compare.running import MOST_AT_ONCE, MOST_RECORDS, Comparison, Variant
from proxy.replay.api import LONGEST_NAME, ChangesSerializer

NAMES = ("a", "b")


class VariantSerializer(ChangesSerializer):
    """One way of asking. An empty object asks again as it was."""

    recorded = serializers.BooleanField(
        default=False, help_text="No call at all: the answer that was recorded."
    )

    @staticmethod
    def variant(name: str, given: dict[str, Any]) -> Variant:
        return Variant(name, ChangesSerializer.changes_of(given), given["recorded"])


class ComparisonCheckSerializer(BodySerializer):
    """What an answer's text must be like."""

    kind = serializers.ChoiceField(
        choices=list(checks.KINDS),
        help_text="exact: this text. same: as recorded. regex: RE2, anywhere. json_schema: such JSON.",
    )
    value = serializers.JSONField(required=False, help_text="The text, the pattern or the schema.")
    name = serializers.CharField(required=False, max_length=LONGEST_NAME, help_text="For the table.")


class ComparisonSerializer(BodySerializer):
    """Which records, and how to ask them."""

    filters = serializers.DictField(
        required=False, child=serializers.CharField(), help_text="Those of the list of records."
    )
    ids = serializers.ListField(
        required=False, child=serializers.UUIDField(), min_length=1, max_length=MOST_RECORDS,
        help_text="Only these records.",
    )  # fmt: skip
    limit = serializers.IntegerField(
        default=20, min_value=1, max_value=MOST_RECORDS, help_text="So many of the newest that fit."
    )
    a = VariantSerializer(required=False, help_text="One way of asking.")
    b = VariantSerializer(required=False, help_text="The other.")
    checks = ComparisonCheckSerializer(many=True, required=False, help_text="What the answers must be like.")
    key = serializers.CharField(
        required=False, max_length=LONGEST_NAME, help_text="The key to call with, by name or id."
    )
    concurrency = serializers.IntegerField(
        default=4, min_value=1, max_value=MOST_AT_ONCE, help_text="Calls at the same time."
    )

    def validate_filters(self, given: dict[str, str]) -> dict[str, str]:
        refuse_unknown(given, RecordFilters().fields, "filter")
        return given


class Compare(APIView):
    queryset = LogRecord.objects.all()

    @extend_schema(
        operation_id="manage_logs_compare",
        summary="Compare two ways of asking",
        request=ComparisonSerializer,
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        """Asks recorded requests again in two ways. The answer is a stream of JSON lines: how many calls, a
        row for each as soon as it is there, and a summary. Who leaves ends it.
        """
        given = ComparisonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comparison = comparison_of(request.user, given.validated_data)
        note(actors.of(request), given.validated_data, comparison, request)
        return streamed(comparison)


def comparison_of(user: Any, given: dict[str, Any]) -> Comparison:
    """Of valid data. Raises PermissionDenied for who may not see what was said, Refused for a check."""
    empty = {"recorded": False}
    return Comparison(
        running.newest(records(user, given), given["limit"]),
        [VariantSerializer.variant(name, given.get(name, empty)) for name in NAMES],
        checks.build(given.get("checks", [])),
        given.get("key"),
        given["concurrency"],
    )


def records(user: Any, given: dict[str, Any]) -> LogRecordQuerySet:
    visible = LogRecord.objects.revealed_to(user)
    found = RecordFilters.given(given.get("filters", {})).narrow(visible)
    return found.filter(pk__in=given["ids"]) if "ids" in given else found


def note(actor: Actor, given: dict[str, Any], comparison: Comparison, request: Any) -> None:
    """In the audit log, before the first call: they spend somebody's money under somebody's key."""
    detail = {"filters": given.get("filters", {}), "key": given.get("key"), "calls": comparison.total}
    told = {name: value for name, value in detail.items() if value is not None}
    audit.record(actor, "record.compare", ("records", None, ""), request=request, detail=told)


def streamed(comparison: Comparison) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_lines(comparison), content_type="application/x-ndjson")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _lines(comparison: Comparison) -> AsyncIterator[bytes]:
    yield line({"total": comparison.total})
    rows = []
    async for row in running.rows(comparison):
        rows.append(row | {"answer": None})  # which is not summed up, and may be long
        yield line({name: value for name, value in row.items() if name != "cost_nanos"})
    yield line({"summary": summary.of(rows, NAMES, comparison.checks)})
