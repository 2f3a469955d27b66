"""The searchable facts of an exchange."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from logs_app.models.attempts import Attempt
from logs_app.models.payloads import LogPayload
from logs_app.models.recordindexes import INDEXES
from logs_app.models.visibility import PREVIEWS, Withheld, may_reveal, may_see


class Outcome(models.TextChoices):
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CLIENT_DISCONNECTED = "client_disconnected", _("Client left")
    UPSTREAM_TRUNCATED = "upstream_truncated", _("Cut by the provider")
    INTERRUPTED = "interrupted", _("Interrupted")
    REJECTED = "rejected", _("Rejected")


class LogRecordQuerySet(models.QuerySet["LogRecord"]):
    is_withheld = False

    def visible_to(self, actor: Any) -> LogRecordQuerySet:
        if not may_see(actor):
            return self.none()
        return self if may_reveal(actor) else self.withheld()

    def revealed_to(self, actor: Any) -> LogRecordQuerySet:
        """For what makes no sense without what was said: a replay, a program, a file of conversations."""
        records = self.visible_to(actor)
        records.refuse_withheld()
        return records

    def refuse_withheld(self) -> None:
        if self.is_withheld:
            raise PermissionDenied(gettext("This needs the permission to see what was said."))

    def alike(self) -> LogRecordQuerySet:
        """All records, seen as these are."""
        records = self.model._default_manager.using(self.db)
        return records.withheld() if self.is_withheld else records

    def with_request_id(self, text: str) -> LogRecordQuerySet:
        """By the relay's own id, the provider's x-request-id or the one the client sent."""
        if "\0" in text:  # PostgreSQL would refuse the question
            return self.none()
        condition = Q(request_id=text) | (Q(client_request_id=text) & ~Q(client_request_id=""))
        try:
            return self.filter(condition | Q(pk=self.model._meta.pk.to_python(text)))
        except ValidationError:
            return self.filter(condition)

    def withheld(self) -> LogRecordQuerySet:
        records: Any = self.all()
        records.is_withheld, records._iterable_class = True, Withheld
        return records

    def _clone(self) -> LogRecordQuerySet:
        clone = super()._clone()  # type: ignore[misc]
        clone.is_withheld = self.is_withheld
        return clone

    def _values(self, *fields: Any, **expressions: Any) -> LogRecordQuerySet:
        """Columns instead of records would pass by `Withheld`."""
        if not fields or not PREVIEWS.isdisjoint(fields) or expressions:
            self.refuse_withheld()
        return super()._values(*fields, **expressions)  # type: ignore[misc]


class LogRecord(models.Model):
    """Searchable facts of one exchange; bodies are in `LogPayload`. Only the recorder writes them."""

    id = models.UUIDField(
        primary_key=True, editable=False, help_text=_("UUIDv7: its order is the order of arrival.")
    )
    node = models.CharField(_("node"), max_length=64)
    seq = models.BigIntegerField(_("sequence number"), help_text=_("Order of recording on its node."))
    request_id = models.CharField(_("request id"), max_length=200)
    client_request_id = models.CharField(_("client's request id"), max_length=200, blank=True)

    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))
    latency_ms = models.FloatField(_("latency (ms)"))
    ttft_ms = models.FloatField(_("time to first token (ms)"), null=True)
    tokens_per_second = models.FloatField(_("tokens per second"), null=True)
    longest_gap_ms = models.FloatField(_("longest gap in the stream (ms)"), null=True)
    relay_ms = models.FloatField(_("time in the relay (ms)"), null=True)

    method = models.CharField(_("method"), max_length=16)
    path = models.CharField(_("path"), max_length=2048)
    query = models.CharField(_("query"), max_length=2048, blank=True)
    endpoint = models.CharField(_("endpoint"), max_length=200)
    client_ip = models.CharField(_("client address"), max_length=64, blank=True)
    is_streaming = models.BooleanField(_("streaming"))
    is_cached = models.BooleanField(_("from cache"), default=False)

    model = models.CharField(_("model"), max_length=200, blank=True, help_text=_("As the client asked."))
    model_sent = models.CharField(_("model sent"), max_length=200, blank=True)
    model_served = models.CharField(_("model served"), max_length=200, blank=True)
    provider = models.CharField(_("provider"), max_length=100, blank=True)
    project_id = models.CharField(_("project id"), max_length=36, blank=True)
    project = models.CharField(_("project"), max_length=200, blank=True)
    key_id = models.CharField(_("key id"), max_length=36, blank=True)
    key_kind = models.CharField(_("kind of key"), max_length=16, blank=True)
    key_name = models.CharField(_("key name"), max_length=200, blank=True)
    key_prefix = models.CharField(_("key"), max_length=16, blank=True)

    session = models.CharField(_("session"), max_length=200, blank=True)
    end_user = models.CharField(_("end user"), max_length=200, blank=True)
    tags = models.JSONField(_("tags"), default=list)
    parent = models.UUIDField(
        _("parent"), null=True, help_text=_("The record that this one belongs to or repeats.")
    )
    lineage = models.CharField(
        _("lineage"), max_length=16, blank=True, help_text=_("How it came of its parent.")
    )
    trace_id = models.CharField(_("trace id"), max_length=200, blank=True)
    prompt_fingerprint = models.CharField(
        _("prompt fingerprint"), max_length=16, blank=True, help_text=_("Of the system prompt and the tools.")
    )

    status_code = models.PositiveSmallIntegerField(_("status"), null=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    finish_reason = models.CharField(_("finish reason"), max_length=64, blank=True)
    error_code = models.CharField(_("error code"), max_length=100, blank=True)
    error_message = models.CharField(_("error message"), max_length=1024, blank=True)
    repeats = models.PositiveIntegerField(
        _("repeats"), default=1, help_text=_("Like refusals of one key within a second share a record.")
    )

    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), null=True)
    completion_tokens = models.PositiveIntegerField(_("completion tokens"), null=True)
    total_tokens = models.PositiveIntegerField(_("total tokens"), null=True)
    cached_tokens = models.PositiveIntegerField(_("cached tokens"), null=True)
    cache_write_tokens = models.PositiveIntegerField(_("cache write tokens"), null=True)
    reasoning_tokens = models.PositiveIntegerField(_("reasoning tokens"), null=True)
    audio_tokens = models.PositiveIntegerField(_("audio tokens"), null=True)
    image_tokens = models.PositiveIntegerField(_("image tokens"), null=True)
    prompt_audio_tokens = models.PositiveIntegerField(_("audio tokens of the prompt"), null=True)
    prompt_image_tokens = models.PositiveIntegerField(_("image tokens of the prompt"), null=True)
    usage_estimated = models.BooleanField(_("tokens estimated"), default=False)
    # What some endpoints are charged by instead of tokens.
    image_count = models.PositiveIntegerField(_("images made"), null=True)
    audio_seconds = models.FloatField(_("seconds of sound"), null=True)
    character_count = models.PositiveIntegerField(_("characters spoken"), null=True)
    service_tier = models.CharField(_("service tier"), max_length=32, blank=True)
    cost_nanos = models.BigIntegerField(_("cost (nano USD)"), null=True)
    saved_cost_nanos = models.BigIntegerField(
        _("saved (nano USD)"), null=True, help_text=_("What it would have cost without the cache.")
    )
    price_version = models.CharField(
        _("price"), max_length=16, blank=True, help_text=_("Version of the price that the cost comes from.")
    )

    request_bytes = models.BigIntegerField(_("request bytes"), default=0)
    response_bytes = models.BigIntegerField(_("response bytes"), default=0)
    request_preview = models.TextField(_("request"), blank=True)
    response_preview = models.TextField(_("response"), blank=True)
    edits = models.JSONField(
        _("edits"), default=list, help_text=_("What the client or the provider saw differently.")
    )
    log_level = models.CharField(_("what was recorded"), max_length=10, default="full")
    fold_version = models.PositiveSmallIntegerField(_("version of folding"), default=1)
    redaction_version = models.PositiveSmallIntegerField(
        _("version of redaction"), default=0, help_text=_("0: kept as it was said.")
    )
    redactions = models.JSONField(
        _("redacted"), default=dict, help_text=_("How many different values of each kind were replaced.")
    )
    fold_error = models.TextField(_("recording error"), blank=True)

    objects = LogRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("request log")
        verbose_name_plural = _("request logs")
        ordering = ["-id"]
        permissions = [("view_payload", "Can see what was said")]
        constraints = [models.UniqueConstraint(fields=["node", "seq"], name="record_node_seq")]
        indexes = INDEXES

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status_code or self.outcome}"

    # Whoever looks at this object may not see what was said: `visibility`.
    is_withheld = False

    def withhold(self) -> None:
        self.is_withheld = True
        # Not by setattr: a column that was not read must not be read for this.
        self.__dict__ |= dict.fromkeys(PREVIEWS, "")
        self.__dict__["payload"] = LogPayload(record_id=self.pk)

    @cached_property
    def payload(self) -> LogPayload:
        """An empty one where it is not kept."""
        payloads = LogPayload.objects.using(self._state.db)
        return payloads.filter(pk=self.pk).first() or LogPayload(record_id=self.pk)

    @cached_property
    def attempts(self) -> list[Attempt]:
        return list(Attempt.objects.using(self._state.db).filter(record_id=self.pk).order_by("number"))
