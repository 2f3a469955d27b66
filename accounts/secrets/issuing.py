"""Gives a key its secret: a chosen one, or one that is made here. Only digest and shown prefix are kept."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from ..errors import Invalid, Taken
from ..models import Credential, Secret, WitheringToken
from . import keys

KINDS: tuple[type[Secret], ...] = (Credential, WitheringToken)


def issue(row: Secret, secret: str | None = None, *, field: str = "key") -> str:
    """Sets the secret of `row`, which the caller saves. Returns it: this is the only time it is known."""
    chosen = secret or keys.generate()
    if reason := keys.refusal(chosen):
        raise Invalid(reason, field=field)
    if is_taken(keys.digest(chosen), besides=row):
        raise Taken(_("This key exists already."), field=field)
    row.set_secret(chosen)
    return chosen


def is_taken(digest: bytes, besides: Secret | None = None) -> bool:
    """By any key of either kind, as its secret or as a former one: one secret must not open two doors."""
    return any(find(kind, digest).exclude(pk=_pk(kind, besides)).exists() for kind in KINDS)


def of_secret(kind: type[Secret], secret: str):
    """Whose it is: for whoever has found one somewhere."""
    return find(kind, keys.digest(secret))


def resembling(piece: str) -> Q:
    """Whose it may be, now or before its last rotation: a secret, whole, cut off or masked."""
    piece = keys.bare(piece)
    beginning = keys.beginning(piece)
    shown = keys.prefixes(beginning)
    found = has_digest(keys.digest(piece))
    for column in ("prefix", "former_prefix"):
        found |= Q(**{f"{column}__icontains": beginning}) | Q(**{f"{column}__in": shown})
    return found


def find(kind: type[Secret], digest: bytes):
    return kind._default_manager.filter(has_digest(digest))


def has_digest(digest: bytes) -> Q:
    return Q(digest=digest) | Q(former_digest=digest)


def _pk(kind: type[Secret], row: Secret | None):
    return row.pk if isinstance(row, kind) and not row._state.adding else None
