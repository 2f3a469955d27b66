"""Records as the management API shows them. What was not there is null, never an empty string."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from logs_app import payloads
from logs_app.models import Attempt, LogRecord
from logs_app.presentation import elision, presentation, sides

# What a list shows, in this order, and what each means.
LISTED = {
    "id": "The relay's id of the call, also its `x-relay-request-id`.",
    "request_id": "The provider's id of the call.",
    "created_at": "When the call came.",
    "finished_at": "When it was over.",
    "method": "The HTTP method.",
    "path": "The path.",
    "model": "The model that the client asked for.",
    "provider": "The provider that answered.",
    "project": "The name of the key's project, at that time.",
    "key_name": "The name of the key, at that time.",
    "key_prefix": "How the key begins.",
    "status_code": "The status of the answer.",
    "outcome": "How it ended.",
    "is_streaming": "Whether the answer was a stream.",
    "is_cached": "Whether the cache answered.",
    "prompt_tokens": "Tokens of the prompt.",
    "completion_tokens": "Tokens of the answer.",
    "total_tokens": "Both together.",
    "cached_tokens": "Tokens of the prompt that the provider had cached.",
    "reasoning_tokens": "Tokens of the answer that were spent on reasoning.",
    "usage_estimated": "Whether the relay counted, because the provider did not.",
    "cost": "In US dollars, as a decimal number.",
    "saved_cost": "What a stored answer would have cost; null for any other.",
    "latency_ms": "Milliseconds from the call to the end of the answer.",
    "ttft_ms": "Milliseconds to the first token.",
    "finish_reason": "Why the model stopped.",
    "error_code": "What went wrong, for programs.",
    "session": "What the client calls a conversation.",
    "prompt_fingerprint": "Of the system prompt and the tools: equal ones have equal fingerprints.",
    "request_preview": "The beginning of what was asked.",
    "response_preview": "The beginning of what was answered.",
}
# What one record shows beyond that.
DETAILED = {
    "client_request_id": "The client's own id of the call.",
    "query": "The query string.",
    "endpoint": "The path without its ids.",
    "client_ip": "Where the call came from.",
    "node": "The machine that recorded it.",
    "seq": "The order of recording on that machine.",
    "model_sent": "The model that the provider was asked for.",
    "model_served": "The model that the provider named in its answer.",
    "project_id": "The id of the key's project.",
    "key_id": "The id of the key.",
    "key_kind": "credential or token.",
    "end_user": "Whom the client called for.",
    "tags": "What the client said of the call.",
    "parent": "The record that this one belongs to or repeats.",
    "lineage": "How it came of its parent: processor, replay or revalidation.",
    "trace_id": "The id of the client's trace.",
    "error_message": "What went wrong, for people.",
    "repeats": "How many like refusals share this record.",
    "cache_write_tokens": "Tokens of the prompt that the provider put into its cache.",
    "audio_tokens": "Tokens of sound.",
    "image_tokens": "Tokens of images.",
    "prompt_audio_tokens": "Of the tokens of sound, those of the prompt.",
    "prompt_image_tokens": "Of the tokens of images, those of the prompt.",
    "image_count": "Images made.",
    "audio_seconds": "Seconds of sound, where the provider measured it.",
    "character_count": "Characters to be spoken.",
    "service_tier": "The provider's tier of service, such as flex.",
    "price_version": "The version of the price behind the cost; `own` and `billed` are the provider's.",
    "tokens_per_second": "Of a stream, from its first token to its last part.",
    "longest_gap_ms": "The longest silence between two parts of a stream.",
    "relay_ms": "Milliseconds that were spent in the relay itself, not waiting for the provider.",
    "log_level": "full, metadata or off: how much was recorded.",
    "request_bytes": "Size of the request's body.",
    "response_bytes": "Size of the answer's body.",
    "edits": "What the client or the provider saw differently from the other.",
    "redactions": "How many values of each kind were replaced before this was stored.",
    "redaction_version": "By which rules it was redacted; 0: it is as it was said.",
    "fold_error": "Why the relay could not make sense of the answer, if it could not.",
}
ATTEMPT = {
    "number": "The first is 1.",
    "provider": "The provider.",
    "status_code": "The status of its answer.",
    "model": "The model that it was asked for.",
    "key": "Which of the provider's keys was used.",
    "error": "Why there was none.",
    "message": "What it said about it.",
    "started_ms": "Milliseconds after the call came.",
    "latency_ms": "How long it took.",
    "prompt_tokens": "Of the one that answered.",
    "completion_tokens": "Of the one that answered.",
}
COLUMNS = [f"{name}_nanos" if name in ("cost", "saved_cost") else name for name in LISTED]
HEADERS = {"type": "object", "additionalProperties": {"type": "string"}}
ANY_BODY = {
    "nullable": True,
    "oneOf": [{"type": "object"}, {"type": "array", "items": {}}, {"type": "string"}],
}


class ReadOnlySerializer(serializers.ModelSerializer):
    """Columns as they are, with a text for each."""

    texts: ClassVar[dict[str, str]]

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        kept = {name: value for name, value in options.items() if name in ("choices", "decimal_places")}
        is_text = isinstance(model_field, models.CharField | models.TextField) and "choices" not in kept
        nullable = {"allow_null": True} if model_field.null or is_text else {}
        return kind, {**kept, **nullable, "read_only": True, "help_text": self.texts[field_name]}


class RecordSerializer(ReadOnlySerializer):
    """A call through the relay."""

    texts = LISTED | DETAILED
    cost = serializers.SerializerMethodField(help_text=LISTED["cost"])
    saved_cost = serializers.SerializerMethodField(help_text=LISTED["saved_cost"])

    class Meta:
        model = LogRecord
        fields = list(LISTED)

    def get_cost(self, record: LogRecord) -> str | None:
        return presentation.cost(record.cost_nanos)

    def get_saved_cost(self, record: LogRecord) -> str | None:
        return presentation.cost(record.saved_cost_nanos)

    def to_representation(self, record: LogRecord) -> dict[str, Any]:
        shown = super().to_representation(record)
        return {name: None if value == "" else value for name, value in shown.items()}


class AttemptSerializer(ReadOnlySerializer):
    """One try of a call at one provider."""

    texts = ATTEMPT

    class Meta:
        model = Attempt
        fields = list(ATTEMPT)


@extend_schema_field(ANY_BODY)
class Shown(serializers.SerializerMethodField):
    """Something of the payload, put together by `presentation`."""


class RecordDetailSerializer(RecordSerializer):
    """A call through the relay with everything that was said."""

    tags = serializers.JSONField(read_only=True, help_text=DETAILED["tags"])
    edits = serializers.JSONField(read_only=True, help_text=DETAILED["edits"])
    redactions = serializers.JSONField(read_only=True, help_text=DETAILED["redactions"])
    request_headers = serializers.SerializerMethodField(help_text="Secrets are masked.")
    request_body = Shown(help_text="An object when it is JSON, text when it is text, else in base64.")
    request_sent = Shown(help_text="What the provider got, where it is not request_body.")
    response_headers = serializers.SerializerMethodField(help_text="As the client got them.")
    response_body = Shown(help_text="Like request_body. Of a stream, the object put together from it.")
    response_raw = serializers.SerializerMethodField(help_text="As it was sent, when it is text.")
    response_delivered = serializers.SerializerMethodField(
        help_text="What the client got, where it is not response_raw."
    )
    usage = serializers.SerializerMethodField(help_text="The provider's own count.")
    timings = serializers.SerializerMethodField(
        help_text="Of each part of the answer: microseconds since the call, and bytes."
    )
    attempts = AttemptSerializer(many=True, read_only=True, help_text="In their order.")

    class Meta(RecordSerializer.Meta):
        fields = [
            *LISTED, *DETAILED, "request_headers", "request_body", "request_sent", "response_headers",
            "response_body", "response_raw", "response_delivered", "usage", "timings", "attempts",
        ]  # fmt: skip

    @extend_schema_field(HEADERS)
    def get_request_headers(self, record: LogRecord) -> dict[str, str]:
        return presentation.headers(record.payload.request_headers)

    def get_request_body(self, record: LogRecord) -> Any:
        return self._seen(presentation.request_body(record.payload))

    def get_request_sent(self, record: LogRecord) -> Any:
        return self._seen(sides.sent(record, record.payload))

    @extend_schema_field(HEADERS)
    def get_response_headers(self, record: LogRecord) -> dict[str, str]:
        return presentation.headers(record.payload.response_headers)

    def get_response_body(self, record: LogRecord) -> Any:
        return self._seen(presentation.response_body(record.payload))

    def get_response_raw(self, record: LogRecord) -> str | None:
        """With the body the bytes are too long to look at."""
        body = presentation.response_body(record.payload)
        return presentation.response_raw(record.payload) if self._seen(body) is body else None

    def _seen(self, value: Any) -> Any:
        """Vectors and encoded files in short, where somebody only looks."""
        return elision.elided(value) if self.context.get("is_short") else value

    def get_response_delivered(self, record: LogRecord) -> str | None:
        return sides.delivered(record, record.payload)

    @extend_schema_field({"type": "object", "nullable": True, "additionalProperties": {}})
    def get_usage(self, record: LogRecord) -> Any:
        return payloads.unpack_json(record.payload.usage)

    @extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})
    def get_timings(self, record: LogRecord) -> Any:
        return payloads.unpack_timings(record.payload.timings)
