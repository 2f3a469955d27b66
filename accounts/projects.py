"""The life of a project. Every function here writes the audit log itself.

A deleted project stays in the database, because records and audit events name it; it is in no list, its name
is free again, and none of its keys opens anything.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from .audit import audit
from .audit.audit import Actor
from .models import Credential, Project
from .tokens import tokens
from .tokens.tokens import Revoked

LONGEST_NAME = 200


@transaction.atomic
def deactivate(project: Project, actor: Actor, *, revoke_tokens: bool = False) -> Revoked | None:
    """Its keys are refused from now on; the counts of revoked tokens if they were to go too."""
    _set_active(project, False, actor)
    return tokens.revoke_all(project, actor) if revoke_tokens else None


@transaction.atomic
def activate(project: Project, actor: Actor) -> None:
    """Revoked tokens stay revoked."""
    _set_active(project, True, actor)


@transaction.atomic
def delete(project: Project, actor: Actor) -> None:
    """Again for a deleted one does nothing."""
    row = Project.objects.select_for_update().get(pk=project.pk)
    if row.deleted_at is not None:
        return
    name, now = row.name, timezone.now()
    tokens.revoke_all(row, actor)
    for credential in Credential.objects.select_for_update().filter(project=row):
        credential.is_enabled = False
        credential.name = _freed(credential.name, str(credential.pk))
        credential.save(update_fields=["is_enabled", "name", "updated_at"])
    row.name = _freed(name, row.pk.hex[:8])
    row.deleted_at, row.is_active = now, False
    row.deactivated_at = row.deactivated_at or now
    row.upstream_key = ""
    row.save()
    project.refresh_from_db()
    audit.record(actor, "project.delete", project, before={"name": name})


def _set_active(project: Project, is_active: bool, actor: Actor) -> None:
    now = timezone.now()
    since = None if is_active else now
    rows = Project.objects.filter(pk=project.pk, is_active=not is_active, deleted_at=None)
    if not rows.update(is_active=is_active, deactivated_at=since, updated_at=now):
        return
    project.is_active, project.deactivated_at = is_active, since
    audit.record(
        actor, "project.update", project, before={"is_active": not is_active}, after={"is_active": is_active}
    )


def _freed(name: str, mark: str) -> str:
    """A name nobody would choose, so that somebody may choose the old one."""
    suffix = f" (deleted {mark})"
    return name[: LONGEST_NAME - len(suffix)] + suffix
