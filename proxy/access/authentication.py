"""Who is calling: the key of a call, looked up in memory by its digest."""

from __future__ import annotations

import time

from accounts.secrets import keys

from .. import errors
from ..configuration.configuration import Key
from ..configuration.snapshot import SnapshotStore, SnapshotUnavailable
from ..headers import RawHeaders


async def authenticate(raw_headers: RawHeaders, snapshots: SnapshotStore) -> Key:
    """The key of the call. Raises RelayError: 401 for a bad key, 503 when the database is to blame.

    Fails closed: no key, no call, also when not a single key is configured.
    """
    secret = find_secret(raw_headers)
    if not secret:
        raise errors.missing_key()
    digest = keys.digest(secret)
    key = snapshots.current.find_key(digest)
    if key is None:
        key = await _look_again(digest, snapshots)
    if key is None:
        raise errors.unknown_key(keys.shown_prefix(secret.decode("utf-8", "replace")))
    return key


def check(key: Key) -> None:
    """Whether a known key may be used now."""
    if not key.is_active:
        raise errors.disabled_key(key.name or key.prefix)
    if key.expires_at is not None and key.expires_at <= time.time():
        raise (errors.replaced_secret if key.is_former else errors.expired_key)(key.name or key.prefix)
    if not key.project_is_active:
        raise errors.inactive_project(key.project_name or "")


async def _look_again(digest: bytes, snapshots: SnapshotStore) -> Key | None:
    """A key works from the moment the answer that created it was sent, so look once before saying 401."""
    try:
        await snapshots.refresh()
    except SnapshotUnavailable as error:
        raise errors.keys_unavailable() from error
    return snapshots.current.find_key(digest)


def find_secret(raw_headers: RawHeaders) -> bytes:
    """The first present of `Authorization: Bearer`, `x-api-key`, `api-key`."""
    found: dict[bytes, bytes] = {}
    for name, value in raw_headers:
        if name in (b"authorization", b"x-api-key", b"api-key"):
            found.setdefault(name, value)
    scheme, _, bearer = found.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer" and bearer.strip():
        return bearer.strip()
    return (found.get(b"x-api-key") or found.get(b"api-key") or b"").strip()
