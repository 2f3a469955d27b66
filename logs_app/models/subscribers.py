"""Who is told of records, how far, and what could not be told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 200


class Subscriber(models.Model):
    """How a subscriber of events fares; any number of processes may work for one."""

    name = models.CharField(_("name"), primary_key=True, max_length=LONGEST_NAME)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last at work"), null=True)
    delivered = models.PositiveBigIntegerField(_("delivered"), default=0)
    retried = models.PositiveBigIntegerField(_("tried again"), default=0)
    dead = models.PositiveBigIntegerField(_("given up"), default=0)
    lost = models.PositiveBigIntegerField(
        _("missed"), default=0, help_text=_("Removed before they could be delivered.")
    )
    last_success_at = models.DateTimeField(_("last success"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    last_error_at = models.DateTimeField(_("last failure"), null=True)

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")

    def __str__(self) -> str:
        return self.name


class SubscriberCursor(models.Model):
    """Of the records of one node: up to `seq` all is settled, up to `claimed` somebody is at it."""

    pk = models.CompositePrimaryKey("subscriber", "node")
    subscriber = models.CharField(_("subscriber"), max_length=LONGEST_NAME)
    node = models.CharField(_("node"), max_length=64)
    seq = models.BigIntegerField(_("settled up to"))
    claimed = models.BigIntegerField(_("claimed up to"))

    class Meta:
        verbose_name = _("cursor of a subscriber")
        verbose_name_plural = _("cursors of subscribers")

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.node} @ {self.seq}"


class Claim(models.Model):
    """The numbers from `first` to `last` are being delivered by `owner`, unless that has ended."""

    subscriber = models.CharField(_("subscriber"), max_length=LONGEST_NAME)
    node = models.CharField(_("node"), max_length=64)
    first = models.BigIntegerField(_("first"))
    last = models.BigIntegerField(_("last"))
    owner = models.CharField(_("owner"), max_length=100)
    expires_at = models.DateTimeField(_("until"))
    tries = models.PositiveIntegerField(_("times begun"), default=1)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        indexes = [models.Index(fields=["subscriber", "node", "first"], name="claim_first")]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.node} {self.first}-{self.last}"


class DeadLetter(models.Model):
    """An event that a subscriber gave up on. What it says is in its record, as long as that is kept."""

    subscriber = models.CharField(_("dispatcher"), max_length=LONGEST_NAME)
    record_id = models.UUIDField(_("record"))
    node = models.CharField(_("node"), max_length=64)
    seq = models.BigIntegerField(_("sequence number"))
    reason = models.CharField(_("reason"), max_length=500)
    died_at = models.DateTimeField(_("given up"))
    is_due = models.BooleanField(
        _("to be sent again"), default=False, help_text=_("By the next running dispatcher of its name.")
    )

    class Meta:
        verbose_name = _("undelivered event")
        verbose_name_plural = _("undelivered events")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subscriber", "record_id"], name="dead_letter_once")]
        indexes = [
            models.Index(fields=["subscriber"], name="dead_letter_due", condition=models.Q(is_due=True))
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.record_id}"
