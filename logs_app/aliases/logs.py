"""`/admin/logs`: records in the shapes of one earlier system."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts import money
from accounts.api.filters import ChoiceFilter, TextFilter
from accounts.api.viewsets import Reading
from logs_app import reveals
from logs_app.aliases import pages
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord, Outcome
from logs_app.models.recordindexes import StatusClass
from logs_app.presentation import presentation

SUCCESS, ERROR = "success", "error"


class LogFilters(RecordFilters):
    aliases = {
        "start_date": "since",
        "end_date": "until",
        "route": "path",
        "api_key_id": "key",
        "streamed": "stream",
    }

    method = TextFilter(help_text="The HTTP method.")
    status = ChoiceFilter(choices=[SUCCESS, ERROR], help_text="Whether the status was below 400.")

    def by_method(self, rows: Any, text: str) -> Any:
        return rows.filter(method=text.upper())

    def by_status(self, rows: Any, value: Any) -> Any:
        """By its class, which the index of all statuses does not have: that one would have to be sorted."""
        rows = rows.alias(status_class=StatusClass("status_code"))
        return rows.filter(status_class__lt=4) if value == SUCCESS else rows.filter(status_class__gte=4)


class LogSerializer(serializers.Serializer):
    """A call, as an earlier system listed it."""

    id = serializers.UUIDField(help_text="The relay's id of the call.")
    created_at = serializers.DateTimeField(help_text="When the call came.")
    finished_at = serializers.DateTimeField(help_text="When it was over.")
    latency_ms = serializers.SerializerMethodField(help_text="Whole milliseconds to the end of the answer.")
    route = serializers.CharField(source="path", help_text="The path.")
    method = serializers.CharField(help_text="The HTTP method.")
    provider_model = serializers.SerializerMethodField(help_text="The model that the provider was asked for.")
    streamed = serializers.BooleanField(source="is_streaming", help_text="Whether the answer was a stream.")
    proxy_status = serializers.IntegerField(
        source="status_code", allow_null=True, help_text="The status that the client got."
    )
    provider_status = serializers.IntegerField(
        source="status_code", allow_null=True, help_text="That of the provider."
    )
    error_code = serializers.SerializerMethodField(help_text="What went wrong, for programs.")
    error_message = serializers.SerializerMethodField(help_text="What went wrong, for people.")
    token_usage_total = serializers.IntegerField(
        source="total_tokens", allow_null=True, help_text="All tokens."
    )
    client_api_key_id = serializers.CharField(source="key_id", help_text="The id of the key.")
    api_key_name = serializers.SerializerMethodField(help_text="The name of the key, at that time.")

    def get_latency_ms(self, record: LogRecord) -> int:
        return round(record.latency_ms)

    def get_provider_model(self, record: LogRecord) -> str | None:
        return record.model_sent or record.model or None

    def get_error_code(self, record: LogRecord) -> str | None:
        return record.error_code or None

    def get_error_message(self, record: LogRecord) -> str | None:
        return record.error_message or None

    def get_api_key_name(self, record: LogRecord) -> str | None:
        return record.key_name or None


class LogDetailSerializer(LogSerializer):
    """A call with what was said, as an earlier system showed it."""

    provider = serializers.CharField(help_text="The provider that answered.")
    request_body_preview = serializers.CharField(source="request_preview", help_text="The last question.")
    request_body_full = serializers.SerializerMethodField(help_text="The whole request, as text.")
    response_body_preview = serializers.CharField(
        source="response_preview", help_text="The answer's beginning."
    )
    response_body_full = serializers.SerializerMethodField(help_text="The whole answer, as text.")
    token_usage_prompt = serializers.IntegerField(
        source="prompt_tokens", allow_null=True, help_text="Tokens of the prompt."
    )
    token_usage_completion = serializers.IntegerField(
        source="completion_tokens", allow_null=True, help_text="Of the answer."
    )
    cost_estimated = serializers.SerializerMethodField(help_text="In US dollars.")
    truncated = serializers.SerializerMethodField(help_text="Whether a body was too long to be kept whole.")
    partial = serializers.SerializerMethodField(help_text="Whether the answer broke off.")

    def get_request_body_full(self, record: LogRecord) -> str | None:
        return _text(presentation.request_body(record.payload))

    def get_response_body_full(self, record: LogRecord) -> str | None:
        return _text(presentation.response_body(record.payload))

    def get_cost_estimated(self, record: LogRecord) -> float | None:
        return None if record.cost_nanos is None else record.cost_nanos / money.NANOS

    def get_truncated(self, record: LogRecord) -> bool:
        return bool(record.payload.request_cut or record.payload.response_cut)

    def get_partial(self, record: LogRecord) -> bool:
        return record.outcome in (
            Outcome.CLIENT_DISCONNECTED,
            Outcome.UPSTREAM_TRUNCATED,
            Outcome.INTERRUPTED,
        )


class EarlierRecords(Reading):
    """What any of the aliases does."""

    identified = (uuid.UUID, "The id of a record.")
    queryset = LogRecord.objects.all()
    detail_serializer_class: type[serializers.Serializer]

    def get_queryset(self) -> QuerySet[LogRecord]:
        return LogRecord.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return self.serializer_class if self.action == "list" else self.detail_serializer_class

    def get_object(self) -> LogRecord:
        record = super().get_object()
        reveals.note(self.request, record)
        return record

    def given(self, request: Request) -> dict[str, str]:
        """The filters of a list, which are all of its parameters but those of its pages."""
        given = request.query_params.dict()
        return {name: given[name] for name in given.keys() - set(self.of_pages())}

    def order_of(self, request: Request) -> tuple[str, ...]:
        return ()

    def sums_of(self, request: Request) -> Any:
        """What the kept sums are to be asked for a total; see `pages.kept_sums`."""
        aliases = self.filters.aliases
        given = {aliases.get(name, name): text for name, text in self.given(request).items()}
        return pages.kept_sums(given, self.get_queryset().db)


class Logs(EarlierRecords):
    """What was said through the relay, in the shapes of an earlier system."""

    noun = "log"
    serializer_class = LogSerializer
    detail_serializer_class = LogDetailSerializer
    filters = LogFilters
    pagination_class = pages.Logs

    def sums_of(self, request: Request) -> Any:
        return None if "status" in request.query_params else super().sums_of(request)


def _text(body: Any) -> str | None:
    return body if body is None or isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
