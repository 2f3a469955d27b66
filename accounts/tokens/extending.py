"""More time for a key that withers."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..audit import audit
from ..audit.audit import Actor
from ..models import Secret
from ..secrets.rotation import kind_of


@transaction.atomic
def extend(row: Secret, actor: Actor, by: timedelta) -> bool:
    """Counted from its end, or from now if that has passed. False for a key that never expires.

    A revoked key gets its time and stays revoked.
    """
    current = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if current.expires_at is None:
        return False
    before, row.expires_at = current.expires_at, max(current.expires_at, timezone.now()) + by
    row.save(update_fields=["expires_at", "updated_at"])
    audit.record(
        actor,
        f"{kind_of(row)}.update",
        row,
        before={"expires_at": before},
        after={"expires_at": row.expires_at},
    )
    return True
