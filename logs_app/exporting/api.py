"""`GET /manage/logs/export`."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from logs_app.exporting import FORMATS, responses
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord

FORMAT = OpenApiParameter(
    "format",
    enum=list(FORMATS),
    description="; ".join(f"{each.name}: {each.help}" for each in FORMATS.values()) + ".",
    default="jsonl",
)


class Export(APIView):
    queryset = LogRecord.objects.all()

    @extend_schema(
        operation_id="manage_logs_export",
        summary="Export records",
        parameters=[FORMAT, RecordFilters],
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All records that the filters leave, oldest first, as a stream. The audit log says who."""
        given: dict[str, Any] = request.query_params.dict()
        filters = RecordFilters.given(given, beside=("format",))
        form = FORMATS.get(given.pop("format", "jsonl"))
        if form is None:
            raise serializers.ValidationError({"format": [f"One of {', '.join(FORMATS)}."]})
        records = filters.narrow(LogRecord.objects.visible_to(request.user))
        return responses.answer(request, records, form, given)
