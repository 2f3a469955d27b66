"""How keys were used."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeyUsage(models.Model):
    """How a key was used, by the records: added up in their transaction, never by counting them."""

    pk = models.CompositePrimaryKey("kind", "key_id")
    kind = models.CharField(_("kind of key"), max_length=16)
    key_id = models.CharField(_("key id"), max_length=36)
    request_count = models.BigIntegerField(_("requests"), default=0)
    cache_hit_count = models.BigIntegerField(_("from cache"), default=0)
    last_used_at = models.DateTimeField(_("last used"))

    class Meta:
        verbose_name = _("use of a key")
        verbose_name_plural = _("use of keys")

    def __str__(self) -> str:
        return f"{self.kind} {self.key_id}"
