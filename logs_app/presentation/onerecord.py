"""What the management API says of one record beside the record itself."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.ownaddress import base_url
from logs_app import reveals
from logs_app.models import LogRecord, LogRecordQuerySet
from logs_app.presentation import continuation, presentation, snippets

LANGUAGE = OpenApiParameter(
    "language", enum=list(snippets.LANGUAGES), default="curl", description="Of the program."
)


def found(records: LogRecordQuerySet, pk: str) -> LogRecord:
    """The record of this id. Raises Http404."""
    try:
        record = records.filter(pk=pk).first()
    except (ValidationError, ValueError):
        record = None  # this is no id at all
    if record is None:
        raise Http404
    return record


def revealed(request: Any, records: LogRecordQuerySet, pk: str) -> LogRecord:
    """Like `found`; whoever asks is in the audit log."""
    record = found(records, pk)
    reveals.note(request, record)
    return record


def previous(record: LogRecord, records: LogRecordQuerySet) -> LogRecord | None:
    """The call of a client before this one, in its session."""
    if not record.session:
        return None
    before = records.exclude(session="").filter(session=record.session, pk__lt=record.pk)
    of_clients = before.filter(project_id=record.project_id, endpoint=record.endpoint, lineage="")
    return of_clients.order_by("-pk").first()


def continued(record: LogRecord, before: LogRecord) -> dict[str, Any] | None:
    one, other = (presentation.request_body(each.payload) for each in (before, record))
    return continuation.compare(one, other)


IDENTIFIED = (uuid.UUID, "The id of a record, which is the `x-relay-request-id` of its call.")


class OneRecord(APIView):
    identified = IDENTIFIED
    queryset = LogRecord.objects.all()

    def found(self, request: Request, pk: str) -> LogRecord:
        return revealed(request, LogRecord.objects.revealed_to(request.user), pk)


class Snippet(OneRecord):
    @extend_schema(
        operation_id="manage_logs_snippet",
        summary="Show a record as a program",
        parameters=[LANGUAGE],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: str) -> Response:
        """`{language, code}`: the same call again, with the key in the environment variable RELAY_API_KEY."""
        language = request.query_params.get("language", "curl")
        if language not in snippets.LANGUAGES:
            raise serializers.ValidationError({"language": [f"One of {', '.join(snippets.LANGUAGES)}."]})
        write = snippets.LANGUAGES[language]
        return Response({"language": language, "code": write(self.found(request, pk), base_url(request))})


class Previous(OneRecord):
    @extend_schema(
        operation_id="manage_logs_previous",
        summary="Compare a record with the one before it in its session",
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: str) -> Response:
        """Where the two requests part, and how many tokens of the provider's prompt cache that loses, counted
        here. `previous` is null for a first request, `comparison` where there are no two conversations.
        """
        record = self.found(request, pk)
        before = previous(record, LogRecord.objects.visible_to(request.user))
        if before is None:
            return Response({"previous": None, "cached_tokens": record.cached_tokens, "comparison": None})
        reveals.note(request, before)
        return Response(
            {
                "previous": str(before.pk),
                "cached_tokens": record.cached_tokens,
                "comparison": continued(record, before),
            }
        )
