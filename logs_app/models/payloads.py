"""What was said."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LogPayload(models.Model):
    """What was said, compressed (see `payloads`); never read for a list. Null where there was nothing."""

    record_id = models.UUIDField(primary_key=True, editable=False)
    request_headers = models.BinaryField(null=True)
    request_body = models.BinaryField(null=True)
    request_content_type = models.CharField(max_length=200, blank=True)
    request_cut = models.JSONField(
        null=True, help_text=_("Size and SHA-256 of a body of which only both ends are kept.")
    )
    request_sent = models.BinaryField(
        null=True, help_text=_("The body that the provider got, where the edits do not tell.")
    )
    request_sent_cut = models.JSONField(null=True, help_text=_("Like request_cut."))
    response_headers = models.BinaryField(null=True)
    response_body = models.BinaryField(null=True)
    response_content_type = models.CharField(max_length=200, blank=True)
    response_raw = models.BinaryField(
        null=True, help_text=_("A stream as it was sent; its body is the folded object.")
    )
    response_cut = models.JSONField(
        null=True, help_text=_("Like request_cut; of response_raw where there is one.")
    )
    usage = models.BinaryField(null=True, help_text=_("The provider's own count."))
    timings = models.BinaryField(null=True, help_text=_("Arrival and size of each part of the answer."))

    class Meta:
        verbose_name = _("payload")
        verbose_name_plural = _("payloads")

    def __str__(self) -> str:
        return str(self.record_id)
