"""A new secret for a key that stays what it is: id, name, settings and history.

The old secret works until its grace ends. A second rotation within the grace ends the first one's at once: a
key has one former secret.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..audit import audit
from ..audit.audit import Actor
from ..models import Secret
from . import issuing

CHANGED = (
    "digest",
    "prefix",
    "former_digest",
    "former_prefix",
    "former_expires_at",
    "rotated_at",
    "rotation_run",
    "updated_at",
)
NO_GRACE = timedelta(0)


@transaction.atomic
def rotate(
    row: Secret, actor: Actor, *, grace: timedelta = NO_GRACE, run: str = "", secret: str | None = None
) -> str | None:
    """The new secret, which nobody can learn later; one is made where none is given. None when this `run` has
    rotated the key before."""
    current = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if run and current.rotation_run == run:
        return None
    now = timezone.now()
    before = {"prefix": current.prefix}
    row.former_digest, row.former_prefix = bytes(current.digest), current.prefix
    row.former_expires_at = now + grace
    secret = issuing.issue(row, secret)
    row.rotated_at, row.rotation_run = now, run
    row.save(update_fields=CHANGED)
    after = {"prefix": row.prefix, "former_expires_at": row.former_expires_at}
    audit.record(actor, f"{kind_of(row)}.rotate", row, before=before, after=after)
    return secret


def kind_of(row: Secret) -> str:
    """As the audit log and the snapshot call it."""
    return "token" if row._meta.model_name == "witheringtoken" else "credential"


@transaction.atomic
def end_grace(row: Secret, actor: Actor) -> bool:
    """The former secret stops working now. False when there is none that works."""
    now = timezone.now()
    rows = type(row)._default_manager.filter(pk=row.pk, former_expires_at__gt=now)
    if not rows.update(former_expires_at=now, updated_at=now):
        return False
    row.former_expires_at = now
    audit.record(actor, f"{kind_of(row)}.end_grace", row)
    return True
