"""Who may call."""

from __future__ import annotations

import uuid
from typing import Self, TypeVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import loglevels
from .fields import EncryptedTextField
from .secrets import keys


class Limits(models.Model):
    """What a key or a project may use. Empty is unlimited, 0 blocks."""

    rate_limit = models.PositiveIntegerField(
        _("requests per second"), null=True, blank=True, help_text=_("Empty: unlimited. 0: none at all.")
    )
    rate_limit_per_minute = models.PositiveIntegerField(
        _("requests per minute"), null=True, blank=True, help_text=_("Empty: unlimited. 0: none at all.")
    )
    tokens_per_minute = models.PositiveBigIntegerField(
        _("model tokens per minute"), null=True, blank=True, help_text=_("Prompt and answer together.")
    )
    max_concurrent_streams = models.PositiveIntegerField(
        _("streams at once"), null=True, blank=True, help_text=_("Empty: unlimited. 0: none at all.")
    )

    class Meta:
        abstract = True


class ProjectQuerySet(models.QuerySet["Project"]):
    def listed(self) -> Self:
        """Without the deleted ones, which stay only for what names them."""
        return self.filter(deleted_at=None)


class Project(Limits):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200, unique=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("The keys of an inactive project are refused.")
    )
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True, editable=False)
    # Deleting a project revokes its tokens and takes it out of every list; what it was stays readable.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    upstream_key = EncryptedTextField(
        _("provider's API key"),
        blank=True,
        default="",
        help_text=_("The project's own key at its provider. Empty: the provider's key is used."),
    )
    provider_key = models.CharField(
        _("provider"),
        max_length=100,
        default="default",
        help_text=_("The one provider that the project's own key belongs to."),
    )
    allow_shared_providers = models.BooleanField(
        _("may fail over"),
        default=False,
        help_text=_("With an own key: may use other providers, with their keys, when this one fails."),
    )
    allowed_models = models.JSONField(
        _("allowed models"),
        default=list,
        blank=True,
        help_text=_('Names or patterns such as "gpt-4o*". Empty or ["*"]: all.'),
    )
    policy = models.JSONField(
        _("policy"),
        default=dict,
        blank=True,
        help_text=_(
            "param_whitelist, allowed_origins, required_headers, allowed_endpoints, allowed_methods."
        ),
    )
    cache_policy = models.JSONField(
        _("cache policy"),
        default=dict,
        blank=True,
        help_text=_(
            'Such as {"mode": "always", "ttl": 3600}. The mode is opt_in (also when empty), always or off.'
        ),
    )
    log_policy = models.CharField(
        _("what is recorded"),
        max_length=10,
        choices=loglevels.CHOICES,
        default=loglevels.FULL,
    )
    redact_logs = models.BooleanField(
        _("redact records"), null=True, blank=True, help_text=_("Empty: as in the settings of records.")
    )
    payload_days = models.PositiveIntegerField(
        _("days to keep bodies"),
        null=True,
        blank=True,
        help_text=_("Empty: as in the settings of records."),
    )
    metadata_days = models.PositiveIntegerField(
        _("days to keep records"),
        null=True,
        blank=True,
        help_text=_("Empty: as in the settings of records."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


Row = TypeVar("Row", bound=models.Model)


class KeyQuerySet(models.QuerySet[Row]):
    def listed(self) -> Self:
        """Without those of deleted projects."""
        return self.filter(project__deleted_at=None)


class CredentialQuerySet(KeyQuerySet["Credential"]):
    pass


class WitheringTokenQuerySet(KeyQuerySet["WitheringToken"]):
    pass


class Secret(models.Model):
    """Something a client may call with. No secret and no usage statistics (see `changes`) are stored here."""

    digest = models.BinaryField(max_length=32, unique=True, help_text="SHA-256 of the secret.")
    prefix = models.CharField(_("key"), max_length=16, editable=False)
    # After a rotation the former secret works until its grace ends.
    former_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    former_prefix = models.CharField(max_length=16, null=True, editable=False)  # noqa: DJ001 (null like its digest)
    former_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    rotated_at = models.DateTimeField(_("rotated"), null=True, blank=True, editable=False)
    rotation_run = models.CharField(max_length=64, blank=True, default="", editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("Empty: never."))
    log_policy = models.CharField(  # noqa: DJ001 (null like every setting that is inherited)
        _("what is recorded"),
        max_length=10,
        choices=loglevels.CHOICES,
        null=True,
        blank=True,
        help_text=_("Empty: like its project. It can only be less than that."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True

    def set_secret(self, secret: str) -> None:
        self.digest = keys.digest(secret)
        self.prefix = keys.shown_prefix(secret)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Credential(Secret, Limits):
    """A long-lived key of a client."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    # With its project a key would lose what the project forbids it, so it goes too.
    project = models.ForeignKey(
        Project,
        verbose_name=_("project"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="credentials",
    )
    allowed_models = models.JSONField(
        _("allowed models"),
        default=list,
        blank=True,
        help_text=_('Names or patterns such as "gpt-4o*". Empty or ["*"]: all.'),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        if not self.is_enabled:
            return "disabled"
        if self.is_expired:
            return "expired"
        return "active" if self.project is None or self.project.is_active else "project_inactive"


class WitheringToken(Secret, Limits):
    """A key of a project that withers: by time, by revocation, or by use."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    max_requests = models.PositiveBigIntegerField(
        _("requests in all"),
        null=True,
        blank=True,
        help_text=_("Empty: any number. Counted from when it is set."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = WitheringTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("withering token")
        verbose_name_plural = _("withering tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or self.prefix

    @property
    def status(self) -> str:
        if not self.is_active:
            return "revoked"
        if self.is_expired:
            return "expired"
        return "active" if self.project.is_active else "project_inactive"


class TokenQuota(models.Model):
    """Requests that a token with `max_requests` has used. Written by the lane, so no tracked table."""

    token_id = models.UUIDField(primary_key=True)
    used = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")

    def __str__(self) -> str:
        return f"{self.token_id}: {self.used}"


class LoginFailure(models.Model):
    """Failed attempts to sign in, counted by `lockout`; gone when their time is over."""

    id = models.CharField(primary_key=True, max_length=64, help_text="Digest of whoever it is counted for.")
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return f"{self.failures}, the last at {self.last_at:%F %T}"


# These stand in modules of their own; Django looks for them here.
from .audit.events import AuditEvent, AuditHead  # noqa: E402, F401
from .configversion import ConfigChange, ConfigVersion  # noqa: E402, F401
