"""The records part of the management API."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from accounts.api.viewsets import Reading
from logs_app import reveals
from logs_app.filters import RecordFilters
from logs_app.models import LogRecord
from logs_app.paging import RecordPages
from logs_app.serializers import COLUMNS, RecordDetailSerializer, RecordSerializer


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

    def get_object(self) -> LogRecord:
        record = super().get_object()
        reveals.note(self.request, record)
        return record
