"""Orders to forget stored answers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CachePurge(models.Model):
    """Every process follows it once; a new one has nothing to forget, so old rows go."""

    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    criteria = models.JSONField(_("what is to go"), default=dict, help_text=_("Empty: everything."))

    class Meta:
        verbose_name = _("purge of the cache")
        verbose_name_plural = _("purges of the cache")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%F %T} {self.criteria or 'everything'}"
