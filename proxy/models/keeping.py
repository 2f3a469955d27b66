"""Which provider keeps what, where that is not the one that everybody would expect."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeptObject(models.Model):
    """Written by the lane (`proxy.routing.whereabouts`); no part of the configuration."""

    object_id = models.CharField(_("id"), max_length=200, primary_key=True)
    provider_id = models.BigIntegerField(_("provider"))  # outlives its provider
    created_at = models.DateTimeField(_("learned"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("kept object")
        verbose_name_plural = _("kept objects")

    def __str__(self) -> str:
        return self.object_id
