"""The records part of the management API."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet

from accounts.api.filters import FilterSerializer, TextFilter
from accounts.api.viewsets import Reading
from logs_app import reveals
from logs_app.models import LogRecord, LogRecordQuerySet
from logs_app.serializers import COLUMNS, RecordDetailSerializer, RecordSerializer


class RecordFilters(FilterSerializer):
    request_id = TextFilter(help_text="An id of the call: the relay's, the provider's or the client's.")

    def by_request_id(self, rows: Any, text: str) -> LogRecordQuerySet:
        return rows.with_request_id(text)


class Records(Reading):
    """What was said through the relay."""

    noun = "record"
    identified = (uuid.UUID, "The id of a record, which is the `x-relay-request-id` of its call.")
    queryset = LogRecord.objects.all()
    serializer_class = RecordSerializer
    filters = RecordFilters

    def get_queryset(self) -> QuerySet[LogRecord]:
        records = LogRecord.objects.visible_to(self.request.user)
        return records.only(*COLUMNS) if self.action == "list" else records

    def get_serializer_class(self) -> type[RecordSerializer]:
        return RecordSerializer if self.action == "list" else RecordDetailSerializer

    def get_object(self) -> LogRecord:
        record = super().get_object()
        reveals.note(self.request, record)
        return record
