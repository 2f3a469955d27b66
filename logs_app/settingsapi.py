"""The settings of records in the management API: one row, so no list and no id."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import singlerow
from accounts.api.fields import MOST, Flag, Judged, Whole
from accounts.api.rows import RowSerializer
from accounts.audit import actors
from logs_app.models import LogSettings
from logs_app.redaction import kinds

NO_KINDS = f"A list of kinds: {', '.join(kinds.KINDS)}. Null: the usual ones."


def refusal_of_kinds(value: Any) -> str | None:
    known = isinstance(value, list) and all(isinstance(kind, str) and kind in kinds.KINDS for kind in value)
    return None if known else NO_KINDS


@extend_schema_field({"type": "array", "items": {"type": "string", "enum": list(kinds.KINDS)}})
class Kinds(Judged):
    refusal_of = staticmethod(refusal_of_kinds)


class LogSettingsSerializer(RowSerializer):
    """What holds for all records."""

    kind = "logsettings"
    audited = ("redact_logs", "redacted_kinds", "payload_days", "metadata_days")

    redact_logs = Flag(
        required=False, help_text="Whether personal data and secrets are replaced before a record is stored."
    )
    redacted_kinds = Kinds(
        required=False, allow_null=True, help_text="What is replaced. Null: all but IP and IMAGE."
    )
    payload_days = Whole(
        min_value=1, max_value=MOST, required=False, allow_null=True,
        help_text="Days that bodies are kept. Null: for ever.",
    )  # fmt: skip
    metadata_days = Whole(
        min_value=1, max_value=MOST, required=False, allow_null=True,
        help_text="Days that records are kept. Null: for ever.",
    )  # fmt: skip


class RecordSettings(GenericViewSet):
    """The settings of records. Projects may differ in some of them."""

    queryset = LogSettings.objects.all()
    serializer_class = LogSettingsSerializer
    pagination_class = None

    @extend_schema(summary="Show the settings of records")
    def retrieve(self, request: Request) -> Response:
        """What holds for all records."""
        return Response(self.get_serializer(singlerow.read(LogSettings)).data)

    @extend_schema(summary="Change the settings of records")
    def update(self, request: Request) -> Response:
        """Changes what it names. It holds for new records within a second."""
        row, context = singlerow.kept(LogSettings), {"actor": actors.of(request)}
        serializer = LogSettingsSerializer(row, data=request.data, partial=True, context=context)
        serializer.is_valid(raise_exception=True)
        return Response(LogSettingsSerializer(serializer.save()).data)

    partial_update = update
