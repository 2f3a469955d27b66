"""Withering tokens: how they come and how they go. Every function here writes the audit log itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..audit import audit
from ..audit.audit import Actor
from ..errors import Inactive, Invalid
from ..models import Project, WitheringToken
from ..secrets import issuing
from . import lifetimes

SETTINGS = (
    "name", "log_policy", "rate_limit", "rate_limit_per_minute", "tokens_per_minute",
    "max_concurrent_streams",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revoked:
    """Of the tokens of a project. Expired ones count like others: a later expiry would revive them."""

    revoked: int
    already_revoked: int

    @property
    def total(self) -> int:
        return self.revoked + self.already_revoked


@transaction.atomic
def create(
    project: Project,
    actor: Actor,
    *,
    lifetime: Mapping[str, Any],
    max_requests: int | None = None,
    **settings: Any,
) -> tuple[WitheringToken, str]:
    """The token and its secret, which nobody can learn later. `lifetime` as in `lifetimes.end_of`."""
    if unknown := settings.keys() - set(SETTINGS):
        raise TypeError(f"A token has no {', '.join(unknown)}.")
    refuse_inactive(project)
    token = WitheringToken(
        project=project,
        expires_at=lifetimes.end_of(lifetime),
        max_requests=whole_quota(max_requests),
        **settings,
    )
    secret = issuing.issue(token)
    token.save()
    audit.record(actor, "token.create", token, after=shown(token))
    return token, secret


def refuse_inactive(project: Project) -> None:
    # Locked, so that no token is born while its project is being deactivated and its tokens revoked.
    current = Project.objects.select_for_update().filter(pk=project.pk).first()
    if current is None or current.deleted_at is not None:
        raise Inactive(_("The project was deleted."), field="project_id")
    if not current.is_active:
        raise Inactive(_("The project is inactive: its keys would be refused."), field="project_id")


def whole_quota(max_requests: int | None) -> int | None:
    """0 is unlimited, as it was in the system that invented these tokens."""
    if max_requests is not None and max_requests < 0:
        raise Invalid(_("A number of requests is not negative."), field="max_requests")
    return max_requests or None


@transaction.atomic
def revoke(token: WitheringToken, actor: Actor) -> bool:
    """False when it was revoked before: then nothing changes, not even the moment."""
    now = timezone.now()
    row = WitheringToken.objects.filter(pk=token.pk, is_active=True)
    if not row.update(is_active=False, revoked_at=now, updated_at=now):
        return False
    token.is_active, token.revoked_at = False, now
    audit.record(actor, "token.revoke", token, before={"is_active": True}, after={"is_active": False})
    return True


@transaction.atomic
def reactivate(token: WitheringToken, actor: Actor) -> bool:
    if token.project.deleted_at is not None:
        raise Inactive(_("The project was deleted."), field="is_active")
    row = WitheringToken.objects.filter(pk=token.pk, is_active=False)
    if not row.update(is_active=True, revoked_at=None, updated_at=timezone.now()):
        return False
    token.is_active, token.revoked_at = True, None
    audit.record(actor, "token.reactivate", token, before={"is_active": False}, after={"is_active": True})
    return True


@transaction.atomic
def revoke_all(project: Project, actor: Actor) -> Revoked:
    now = timezone.now()
    tokens = WitheringToken.objects.filter(project=project)
    total = tokens.count()
    revoked = tokens.filter(is_active=True).update(is_active=False, revoked_at=now, updated_at=now)
    counts = Revoked(revoked, total - revoked)
    audit.record(actor, "token.revoke_batch", project, detail={"revoked": revoked, "total": total})
    return counts


def shown(token: WitheringToken) -> dict[str, Any]:
    """What the audit log keeps of a token: no secret, no digest."""
    columns = ("name", "prefix", "expires_at", "max_requests", "is_active", *SETTINGS[1:])
    return {"project_id": str(token.project_id)} | {name: getattr(token, name) for name in columns}
