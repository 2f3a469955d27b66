"""A key of one's own, to try things out with: an ordinary one, of which nobody knows the secret."""

from __future__ import annotations

from django.db import transaction

from ..audit import audit
from ..audit.audit import Actor
from ..models import Credential
from ..secrets import issuing

PREFIX = "playground-"


def find(username: str) -> Credential | None:
    return Credential.objects.filter(name=name_of(username)).first()


@transaction.atomic
def ensure(username: str, actor: Actor) -> Credential:
    """The one there is, whatever became of it, or a new one."""
    found = find(username)
    if found is not None:
        return found
    credential = Credential(name=name_of(username))
    issuing.issue(credential)
    credential.save()
    after = {"name": credential.name, "prefix": credential.prefix, "is_enabled": True}
    audit.record(actor, "credential.create", credential, after=after)
    return credential


def name_of(username: str) -> str:
    return f"{PREFIX}{username}"
