"""What holds for all records."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LogSettings(models.Model):
    """One row. What is empty in a project is taken from here."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    redact_logs = models.BooleanField(
        _("redact records"),
        default=False,
        help_text=_(
            "Replaces personal data and secrets before a record is stored: [EMAIL_1]. What is replaced "
            "cannot be got back."
        ),
    )
    redacted_kinds = models.JSONField(
        _("what is redacted"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Kinds of personal data and secrets. Empty: the usual ones."),
    )
    payload_days = models.PositiveIntegerField(
        _("days to keep bodies"), null=True, blank=True, default=7, help_text=_("Empty: for ever.")
    )
    metadata_days = models.PositiveIntegerField(
        _("days to keep records"), null=True, blank=True, default=365, help_text=_("Empty: for ever.")
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("settings of records")
        verbose_name_plural = _("settings of records")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="logs_app_logsettings_one_row")]

    def __str__(self) -> str:
        return str(_("Settings of records"))
