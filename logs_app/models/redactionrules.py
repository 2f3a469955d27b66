"""What is redacted, or left as it is, besides what the relay knows by itself."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from logs_app.redaction import rules


class RedactionRule(models.Model):
    """`redact`: what the pattern matches is replaced. `allow`: what it matches wholly is left as it is."""

    REDACT, ALLOW = "redact", "allow"
    # It may be the name of somebody who is to be forgotten.
    audited_as_digest = ("pattern",)

    name = models.CharField(_("name"), max_length=100, unique=True)
    action = models.CharField(
        _("action"),
        max_length=10,
        choices=[(REDACT, _("redact")), (ALLOW, _("leave as it is"))],
        default=REDACT,
    )
    label = models.CharField(
        _("label"),
        max_length=32,
        blank=True,
        default="",
        help_text=_(
            "What stands in place of a match: EMPLOYEE gives [EMPLOYEE_1]. Of a rule that leaves things as "
            "they are: the kind it is about; empty is every kind."
        ),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=1000,
        help_text=_(
            "A regular expression in the syntax of RE2, which takes the same time whatever the text: no "
            "back-references, no look-around. (?i) at its beginning ignores case."
        ),
    )
    project = models.ForeignKey(
        "accounts.Project",
        verbose_name=_("project"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Empty: all projects."),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("redaction rule")
        verbose_name_plural = _("redaction rules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if refusal := rules.refusal(self.pattern, self.label, allows=self.action == self.ALLOW):
            raise ValidationError(dict([refusal]))
