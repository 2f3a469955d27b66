"""How far the journals of the machines are recorded."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Node(models.Model):
    """One machine's relay, and the number of its newest record."""

    id = models.CharField(_("node"), primary_key=True, max_length=64)
    seq = models.BigIntegerField(_("sequence number"), default=0)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")

    def __str__(self) -> str:
        return self.id


class JournalCursor(models.Model):
    """How far a segment of a journal is recorded. It moves in the transaction that writes the records."""

    segment = models.CharField(_("segment"), primary_key=True, max_length=64)
    node = models.CharField(_("node"), max_length=64)
    position = models.BigIntegerField(_("position"))
    # How many batches of exchanges that were open when their writer died are recorded.
    closed_batches = models.PositiveIntegerField(_("batches after the end"), default=0)

    class Meta:
        verbose_name = _("journal cursor")
        verbose_name_plural = _("journal cursors")

    def __str__(self) -> str:
        return f"{self.segment} @ {self.position}"
