"""`/admin/v1/logs` and `/admin/v1/error-logs`: records in the shapes of another earlier system."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.filters import ChoiceFilter, FlagFilter
from accounts.api.strictness import BodySerializer
from accounts.audit import actors, audit
from logs_app import removal
from logs_app.aliases import categories, pages, totals
from logs_app.aliases.logs import EarlierRecords
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord
from logs_app.presentation import presentation
from logs_app.presentation.serializers import HEADERS, Shown

MOST_DELETED = 1000
SORTED_BY = {
    "timestamp": "pk",
    "status_code": "status_code",
    "total_duration_ms": "latency_ms",
    "total_tokens": "total_tokens",
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
}


class V1Filters(RecordFilters):
    aliases = {
        "provider_name": "provider",
        "credential_name": "key",
        "status_code": "status",
        "is_streaming": "stream",
        "start_time": "since",
        "end_time": "until",
    }


class V1ListFilters(V1Filters):
    error_only = FlagFilter(help_text="Only calls that failed.")
    error_category = ChoiceFilter(choices=categories.CATEGORIES, help_text="How they failed.")
    sort_by = ChoiceFilter(choices=list(SORTED_BY), help_text="What the newest 10,000 are put in order by.")
    sort_order = ChoiceFilter(choices=["asc", "desc"], help_text="desc where nothing is said.")

    def by_error_only(self, rows: Any, flag: bool) -> Any:
        return categories.failed(rows) if flag else rows

    def by_error_category(self, rows: Any, category: str) -> Any:
        return categories.narrow(rows, category)

    def by_sort_by(self, rows: Any, name: str) -> Any:
        """By another column than the time: only the newest, so that no page sorts a million."""
        if name == "timestamp":
            return rows
        return rows.filter(
            pk__in=list(rows.order_by("-pk").values_list("pk", flat=True)[: pages.MOST_COUNTED])
        )

    def by_sort_order(self, rows: Any, name: str) -> Any:
        return rows


class V1LogSerializer(serializers.Serializer):
    """A call, as an earlier system listed it."""

    id = serializers.UUIDField(help_text="The relay's id of the call.")
    timestamp = serializers.DateTimeField(source="created_at", help_text="When the call came.")
    request_id = serializers.CharField(allow_null=True, help_text="The provider's id of the call.")
    endpoint = serializers.CharField(allow_null=True, help_text="The path without its ids.")
    credential_name = serializers.CharField(
        allow_null=True, source="key_name", help_text="The name of the key."
    )
    model_requested = serializers.CharField(
        allow_null=True, source="model", help_text="The model that was asked for."
    )
    model_mapped = serializers.CharField(
        allow_null=True, source="model_sent", help_text="The model that the provider was asked for."
    )
    provider_name = serializers.CharField(
        allow_null=True, source="provider", help_text="The provider that answered."
    )
    is_streaming = serializers.BooleanField(help_text="Whether the answer was a stream.")
    status_code = serializers.IntegerField(allow_null=True, help_text="The status of the answer.")
    input_tokens = serializers.IntegerField(
        source="prompt_tokens", allow_null=True, help_text="Of the prompt."
    )
    output_tokens = serializers.IntegerField(
        source="completion_tokens", allow_null=True, help_text="Of the answer."
    )
    total_tokens = serializers.IntegerField(allow_null=True, help_text="Both together.")
    total_duration_ms = serializers.SerializerMethodField(help_text="Whole milliseconds to the end.")
    ttft_ms = serializers.FloatField(allow_null=True, help_text="Milliseconds to the first token.")
    error_category = serializers.SerializerMethodField(help_text="How it failed; null if it did not.")
    error_code = serializers.CharField(allow_null=True, help_text="What went wrong, for programs.")
    error_message = serializers.CharField(allow_null=True, help_text="What went wrong, for people.")

    def get_total_duration_ms(self, record: LogRecord) -> int:
        return round(record.latency_ms)

    def get_error_category(self, record: LogRecord) -> str | None:
        return categories.of(record)

    def to_representation(self, record: LogRecord) -> dict[str, Any]:
        return {n: None if v == "" else v for n, v in super().to_representation(record).items()}


class V1LogDetailSerializer(V1LogSerializer):
    """A call with what was said, as an earlier system showed it."""

    request_headers = serializers.SerializerMethodField(help_text="Secrets are masked.")
    request_body = Shown(help_text="An object when it is JSON, else text.")
    response_body = Shown(help_text="Like request_body.")

    @extend_schema_field(HEADERS)
    def get_request_headers(self, record: LogRecord) -> dict[str, str]:
        return presentation.headers(record.payload.request_headers)

    def get_request_body(self, record: LogRecord) -> Any:
        return presentation.request_body(record.payload)

    def get_response_body(self, record: LogRecord) -> Any:
        return presentation.response_body(record.payload)


class Id(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        """A number is no id of a record."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class BatchSerializer(BodySerializer):
    """Which to delete."""

    ids = serializers.ListField(child=Id(), max_length=MOST_DELETED, help_text=f"At most {MOST_DELETED}.")


class DeletedSerializer(serializers.Serializer):
    """What was deleted."""

    deleted = serializers.IntegerField(help_text="How many there were.")


class V1Records(EarlierRecords):
    """What both of its lists can do."""

    serializer_class = V1LogSerializer
    detail_serializer_class = V1LogDetailSerializer
    filters = V1ListFilters
    pagination_class = pages.Items

    def order_of(self, request: Request) -> tuple[str, ...]:
        sign = "" if request.query_params.get("sort_order") == "asc" else "-"
        return (sign + SORTED_BY[request.query_params.get("sort_by", "timestamp")],)

    def destroy(self, request: Request, pk: str) -> Response:
        record = self.find(self.get_queryset(), pk)
        if record is None:
            return self._gone(pk)
        removal.remove([record.pk], self.get_queryset().db)
        audit.record(
            actors.of(request), "record.delete", ("record", record.pk, record.request_id), request=request
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _gone(self, pk: str) -> Response:
        """204 again: nothing tells an id that was from one that never was."""
        try:
            known = LogRecord.objects.filter(pk=uuid.UUID(pk)).exists()
        except ValueError:
            raise Http404 from None
        if known:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Delete logs", request=BatchSerializer, responses=DeletedSerializer)
    @action(["post"], detail=False, url_path="batch-delete", verb="delete")
    def batch_delete(self, request: Request) -> Response:
        """Deletes those that there are."""
        asked = BatchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fitting = self.get_queryset().filter(pk__in=asked.validated_data["ids"])
        ids = list(fitting.values_list("pk", flat=True))
        deleted = removal.remove(ids, fitting.db) if ids else 0
        detail = {"ids": [str(id) for id in ids]}
        audit.record(
            actors.of(request), "record.delete", request=request, detail=detail, repeats=max(deleted, 1)
        )
        return Response({"deleted": deleted})


class V1Logs(V1Records):
    """Calls, in the shapes of an earlier system."""

    noun = "log"

    @extend_schema(summary="Sum up logs", parameters=[V1Filters], responses=totals.TotalsSerializer)
    @action(["get"], detail=False)
    def stats(self, request: Request) -> Response:
        """Sums over the calls that the filters leave."""
        asked = V1Filters.given(request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(totals.of(dict(asked.initial_data), self.get_queryset()))


class V1ErrorLogs(V1Records):
    """Calls that failed, in the shapes of an earlier system."""

    noun = "error log"

    def get_queryset(self) -> QuerySet[LogRecord]:
        return categories.failed(super().get_queryset())

    def sums_of(self, request: Request) -> None:
        return None
