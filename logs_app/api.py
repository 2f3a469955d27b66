"""The records part of the management API."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.filters import FLAGS
from accounts.api.viewsets import Reading
from accounts.errors import Invalid
from logs_app import reveals
from logs_app.finding.filters import RecordFilters
from logs_app.finding.paging import RecordPages
from logs_app.models import LogRecord
from logs_app.presentation.serializers import COLUMNS, RecordDetailSerializer, RecordSerializer

FULL = OpenApiParameter(
    "full",
    bool,
    description="true: also long vectors and files in base64, which are else shown in short.",
)


class Records(Reading):
    """What was said through the relay."""

    noun = "record"
    identified = (uuid.UUID, "The id of a record, which is the `x-relay-request-id` of its call.")
    queryset = LogRecord.objects.all()
    serializer_class = RecordSerializer
    filters = RecordFilters
    pagination_class = RecordPages

    def get_queryset(self) -> QuerySet[LogRecord]:
        records = LogRecord.objects.visible_to(self.request.user)
        return records.only(*COLUMNS) if self.action == "list" else records

    def get_serializer_class(self) -> type[RecordSerializer]:
        return RecordSerializer if self.action == "list" else RecordDetailSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        is_full = self.request is not None and _is_full(self.request)
        return {**super().get_serializer_context(), "is_short": not is_full}

    @extend_schema(parameters=[FULL])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def get_object(self) -> LogRecord:
        record = super().get_object()
        reveals.note(self.request, record)
        return record


def _is_full(request: Request) -> bool:
    """A word that is neither would show less than was meant, and nobody would know why."""
    given = [text.lower() for text in request.query_params.getlist("full")]
    if len(given) > 1 or not FLAGS.keys() >= set(given):
        raise Invalid("It is true or false.", field="full")
    return FLAGS[given[0]] if given else False
