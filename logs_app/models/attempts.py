"""How a provider was found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Attempt(models.Model):
    """One try of an exchange at one provider."""

    pk = models.CompositePrimaryKey("record_id", "number")
    record_id = models.UUIDField(editable=False)
    number = models.PositiveSmallIntegerField(_("number"))
    provider = models.CharField(_("provider"), max_length=100)
    status_code = models.PositiveSmallIntegerField(_("status"), null=True)
    model = models.CharField(_("model sent"), max_length=200, blank=True)
    key = models.CharField(
        _("key"), max_length=200, blank=True, help_text=_("The name of the provider's key.")
    )
    error = models.CharField(_("error"), max_length=200, blank=True)
    message = models.CharField(_("message"), max_length=1024, blank=True)
    started_ms = models.FloatField(_("started after (ms)"))
    latency_ms = models.FloatField(_("latency (ms)"), null=True)
    # Of the one that answered: of a try that failed nobody is told what it cost.
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), null=True)
    completion_tokens = models.PositiveIntegerField(_("completion tokens"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [
            models.Index(fields=["record_id"], name="attempt_again", condition=models.Q(number__gte=2))
        ]

    def __str__(self) -> str:
        return f"{self.record_id} #{self.number}"
