"""The rows of the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

OUTCOMES = [("success", _("success")), ("failure", _("failure")), ("denied", _("denied"))]


class AuditEvent(models.Model):
    """One link of its node's chain. Written once: `audit` appends, nothing changes or deletes.

    `before`, `after` and `detail` are JSON as text, because a hash needs the very characters.
    """

    node = models.CharField(_("node"), max_length=64)
    seq = models.PositiveBigIntegerField(_("number"))
    created_at = models.DateTimeField(_("time"), db_index=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=20)
    actor_name = models.CharField(_("actor"), max_length=200, db_index=True)
    client_ip = models.CharField(_("address"), max_length=64, blank=True, default="")
    request_id = models.CharField(_("request"), max_length=128, blank=True, default="")
    action = models.CharField(_("action"), max_length=60, db_index=True)
    target_kind = models.CharField(_("kind"), max_length=60, blank=True, default="")
    target_id = models.CharField(_("id"), max_length=64, blank=True, default="")
    target_name = models.CharField(_("what"), max_length=200, blank=True, default="")
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES)
    repeats = models.PositiveIntegerField(_("times"), default=1)
    before = models.TextField(_("before"), blank=True, default="")
    after = models.TextField(_("after"), blank=True, default="")
    detail = models.TextField(_("details"), blank=True, default="")
    previous_hash = models.CharField(_("hash of the event before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["node", "seq"], name="accounts_auditevent_link")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The audit trail is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("The audit trail is append-only.")


class AuditHead(models.Model):
    """The end of a node's chain; whoever appends holds this row until the commit."""

    node = models.CharField(max_length=64, primary_key=True)
    seq = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("end of the audit trail")
        verbose_name_plural = _("ends of the audit trail")

    def __str__(self) -> str:
        return f"{self.node}: {self.seq}"
