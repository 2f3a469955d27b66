"""Keys and their projects as the lane needs them, read whole or row by row.

A former secret of a rotation is in the same mapping, under its own digest, until its grace ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Credential, Secret, WitheringToken
from accounts.models import Project as ProjectRow
from accounts.secrets.encryption import DecryptionError

from ..access import policy
from ..cache import policy as cache_policy
from .configuration import NO_LIMITS, Key, Limits, Project

Changes = Mapping[str, set[str]]  # primary keys by table
LIMITS = ("rate_limit", "rate_limit_per_minute", "tokens_per_minute", "max_concurrent_streams")
COLUMNS = (
    "pk",
    "project_id",
    "digest",
    "former_digest",
    "former_prefix",
    "former_expires_at",
    "name",
    "prefix",
    "expires_at",
    "log_policy",
    *LIMITS,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A model of keys. `own` is the column that only this one has, called as in Key."""

    name: str
    model: type[Secret]
    is_active: str
    own: str


KINDS = (
    Kind("credential", Credential, "is_enabled", "allowed_models"),
    Kind("token", WitheringToken, "is_active", "max_requests"),
)
PROJECTS = ProjectRow._meta.db_table
TABLES = {PROJECTS, *(kind.model._meta.db_table for kind in KINDS)}


class Keyring:
    """Remembers what it read, so that only what changed has to be read again."""

    def __init__(self, using: str) -> None:
        self._using = using
        self._projects: dict[UUID, Project] = {}
        # Of each row, to find the entries of a changed or deleted one.
        self._digests: dict[tuple[str, Any], tuple[bytes, ...]] = {}
        self._entries = 0

    def read_all(self) -> dict[bytes, Key]:
        keys: dict[bytes, Key] = {}
        self._projects, self._digests, self._entries = {}, {}, 0
        self._read_projects(Q())
        for kind in KINDS:
            self._add(keys, kind, self._fetch(kind, Q()))
        return keys

    def read_changed(self, old: Mapping[bytes, Key], changes: Changes) -> Mapping[bytes, Key]:
        """The keys after `changes`; `old` stays as it is."""
        if not TABLES & changes.keys():
            return old
        keys = dict(old)
        projects = changes.get(PROJECTS, set())
        self._read_projects(Q(pk__in=projects))
        found = []
        for kind in KINDS:
            pks = {kind.model._meta.pk.to_python(pk) for pk in changes.get(kind.model._meta.db_table, ())}
            rows = list(self._fetch(kind, Q(pk__in=pks) | Q(project_id__in=projects)))
            found.append((kind, pks.union(row[0] for row in rows), rows))
        # All old entries go before any new one comes: two rows may have swapped their secrets.
        for kind, pks, _rows in found:
            self._remove(keys, kind, pks)
        for kind, _pks, rows in found:
            self._add(keys, kind, rows)
        return keys if self._is_whole(keys) else self.read_all()

    def _is_whole(self, keys: Mapping[bytes, Key]) -> bool:
        """False when rows came or went unseen by the triggers (REPLACE on SQLite deletes silently, and
        triggers can be switched off), or when one secret stands for two keys."""
        rows = sum(kind.model._default_manager.using(self._using).count() for kind in KINDS)
        return rows == len(self._digests) and len(keys) == self._entries

    def _read_projects(self, which: Q) -> None:
        for row in ProjectRow.objects.using(self._using).filter(which).order_by():
            self._projects[row.pk] = project_of(row)

    def _fetch(self, kind: Kind, which: Q) -> QuerySet[Any, tuple[Any, ...]]:
        rows = kind.model._default_manager.using(self._using).filter(which).order_by()
        return rows.values_list(*COLUMNS, kind.is_active, kind.own)

    def _remove(self, keys: dict[bytes, Key], kind: Kind, pks: Iterable[Any]) -> None:
        for pk in pks:
            digests = self._digests.pop((kind.name, pk), ())
            self._entries -= len(digests)
            for digest in digests:
                keys.pop(digest, None)

    def _add(self, keys: dict[bytes, Key], kind: Kind, rows: Iterable[tuple[Any, ...]]) -> None:
        for pk, project_id, digest, former, former_prefix, former_expires_at, *columns in rows:
            project = self._projects[project_id] if project_id else None
            key = _key(kind, pk, project, *columns)
            entries = {bytes(digest): key}
            if former is not None:
                entries.setdefault(bytes(former), _former(key, former_prefix, former_expires_at))
            self._digests[kind.name, pk] = tuple(entries)
            self._entries += len(entries)
            keys |= entries


def _key(
    kind: Kind,
    pk: Any,
    project: Project | None,
    name: str,
    prefix: str,
    expires_at: datetime | None,
    log_policy: str | None,
    *columns: Any,
) -> Key:
    *limits, is_active, own = columns
    if kind.own == "allowed_models":
        own = tuple(own)
    return Key(
        id=str(pk),
        kind=kind.name,
        name=name,
        prefix=prefix,
        project=project,
        expires_at=expires_at.timestamp() if expires_at else None,
        is_active=is_active,
        limits=_limits(limits),
        log_policy=log_policy,
        **{kind.own: own},
    )


def _former(key: Key, prefix: str | None, end: datetime | None) -> Key:
    """The key as its former secret opens it: until its grace ends, and never longer than the key itself.

    Records then show the beginning of the secret that was used.
    """
    ends_at = end.timestamp() if end else 0.0
    if key.expires_at is not None:
        ends_at = min(ends_at, key.expires_at)
    return replace(key, prefix=prefix or "", expires_at=ends_at, is_former=True)


def _limits(values: list[int | None]) -> Limits:
    return NO_LIMITS if values == [None, None, None, None] else Limits(*values)


def project_of(row: ProjectRow) -> Project:
    upstream_key, error = "", None
    try:
        upstream_key = row.upstream_key
    except DecryptionError as reason:
        error = f"The upstream key of project {row.name} is unreadable. {reason}"
    return Project(
        id=str(row.pk),
        name=row.name,
        is_active=row.is_active,
        allowed_models=tuple(row.allowed_models),
        limits=_limits([getattr(row, name) for name in LIMITS]),
        policy=policy.parse(row.policy),
        upstream_key=upstream_key,
        provider_key=row.provider_key,
        allow_shared_providers=row.allow_shared_providers,
        log_policy=row.log_policy,
        upstream_error=error,
        cache_policy=cache_policy.parse(row.cache_policy),
    )
