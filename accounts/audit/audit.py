"""The audit trail: who changed what, when, from where. Append-only.

`record` is called where the change is made and inside its transaction: a change without its event, or an
event without its change, cannot be committed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from . import chain, jsonlines, masking
from .events import AuditEvent

MASK = "***"
DIGEST_CHARACTERS = 16
_SECRET_NAMES = frozenset(
    (
        "api_key",
        "digest",
        "former_digest",
        "new_secret",
        "openai_api_key",
        "password",
        "secret",
        "upstream_key",
    )
)


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is user, token (the management token), key (a client's), command or system."""

    kind: str
    name: str
    client_ip: str | None = None
    request_id: str | None = None


def record(
    actor: Actor,
    action: str,
    target: Any = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
    outcome: str = "success",
    detail: Mapping[str, Any] | None = None,
    repeats: int = 1,
) -> None:
    """`action` is `<thing>.<verb>` (project.create, token.revoke, credential.rotate, login.failure…).

    `target` is a model instance or `(kind, id, name)`; `before` and `after` hold the fields that changed.
    With `request` the method and path that made the change are noted beside `detail`. Fields that the target
    names in `audited_as_digest` may be somebody's name, which could never be taken out again: a digest that
    nobody can compute without SECRET_KEY still says whether they changed.
    """
    if not settings.AUDIT_ENABLED:
        return
    kind, identifier, name = _described(target)
    personal = getattr(target, "audited_as_digest", ())
    event = AuditEvent(
        node=settings.NODE_ID,
        created_at=timezone.now(),
        actor_kind=actor.kind,
        actor_name=_short(actor.name, 200),
        client_ip=_short(actor.client_ip, 64),
        request_id=_short(actor.request_id, 128),
        action=action,
        target_kind=kind,
        target_id=identifier,
        target_name=name,
        outcome=outcome,
        repeats=repeats,
        before=_json(before, personal),
        after=_json(after, personal),
        detail=_json({**_origin(request), **(detail or {})}),
    )
    _store(event)


def _store(event: AuditEvent) -> None:
    if settings.AUDIT_STORE_IN_DB:
        chain.append(event)
    if settings.AUDIT_LOG_FILE:
        values = chain.values_of(event) | {"seq": 0}
        write = partial(
            jsonlines.append, settings.AUDIT_LOG_FILE, values, may_create_folder=settings.AUDIT_CREATE_DIR
        )
        transaction.on_commit(write)


def _described(target: Any) -> tuple[str, str, str]:
    if target is None:
        return "", "", ""
    if isinstance(target, models.Model):
        target = (target._meta.model_name, target.pk, str(target))
    kind, identifier, name = target
    return str(kind), _short("" if identifier is None else identifier, 64), _short(name, 200)


def _origin(request: HttpRequest | None) -> dict[str, str]:
    return {"method": request.method or "", "path": masking.path(request.path)} if request is not None else {}


def _json(fields: Mapping[str, Any] | None, personal: Collection[str] = ()) -> str:
    if not fields:
        return ""
    shown = {name: _shown(name, value, personal) for name, value in fields.items()}
    return orjson.dumps(shown, default=str, option=orjson.OPT_SORT_KEYS).decode()


def _shown(name: str, value: Any, personal: Collection[str]) -> Any:
    if not value:
        return value
    if name in personal:
        digest = salted_hmac("accounts.audit", str(value), algorithm="sha256").hexdigest()
        return f"hmac:{digest[:DIGEST_CHARACTERS]}"
    return MASK if name in _SECRET_NAMES else value


def _short(value: Any, longest: int) -> str:
    """As text that every database takes, within its column."""
    text = str(value or "").replace("\x00", "�")
    return text.encode("utf-8", "replace").decode()[:longest]
