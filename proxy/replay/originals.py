"""What a replay needs of its original: the request, and the key that made it. Or in words what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.errors import Missing, Unknown
from accounts.loglevels import OFF
from logs_app import payloads
from logs_app.assembly.bodies import UNPACKED
from logs_app.models import LogRecord, Outcome
from proxy.configuration.configuration import Key, Snapshot
from proxy.headers import CLIENT_ROUTE_PREFIXES, NOT_SENT, RawHeaders, from_text
from proxy.routing import routes

# Of that one call: a provider might answer from its memory, and two records would have the same ids.
_OF_THE_CALL = frozenset(b"accept-encoding idempotency-key x-request-id traceparent tracestate".split())
_LEFT_OUT = _OF_THE_CALL | NOT_SENT
_UNPACKED = [["content-encoding", encoding] for encoding in UNPACKED]  # so the body is stored without it


@dataclass(frozen=True, slots=True)
class Original:
    id: str
    method: str
    path: str
    query: str
    headers: RawHeaders
    body: bytes
    route: str | None = None


def read(record: LogRecord) -> Original:
    payload = record.payload
    body = payloads.unpack(payload.request_body)
    if record.outcome == Outcome.REJECTED:
        raise Missing(_("This call was refused before its request was recorded."), field="request")
    if record.log_level == OFF:
        raise Missing(_("Only counts are kept of this call (log level off)."), field="request")
    if payload.request_cut:
        raise Missing(
            _("The request was too long to be recorded whole (LOG_MAX_BODY_BYTES)."), field="request"
        )
    if record.request_bytes and not body:
        raise Missing(
            _("The body of the request is not kept: it was recorded as metadata only, or its time is over."),
            field="request",
        )
    headers = _headers(payloads.unpack_json(payload.request_headers) or [])
    route = routes.noted(record.edits)
    return Original(str(record.pk), record.method, record.path, record.query, headers, body, route)


def find_key(record: LogRecord, wanted: str | None, snapshot: Snapshot) -> Key:
    """The key of the original, or the one of this name or id."""
    if wanted is not None:
        return named_key(wanted, snapshot)
    key = _current(
        key for key in snapshot.keys.values() if (key.kind, key.id) == (record.key_kind, record.key_id)
    )
    if key is None:
        shown = record.key_name or record.key_prefix
        raise Missing(
            _("The key '%(shown)s' that made this call is gone. Name another one as `key`.")
            % {"shown": shown},
            field="key",
        )
    return key


def named_key(wanted: str, snapshot: Snapshot) -> Key:
    """By name, by id, or by both kind and id: credential:3."""
    key = _current(
        key for key in snapshot.keys.values() if wanted in (key.id, key.name, f"{key.kind}:{key.id}")
    )
    if key is None:
        raise Unknown(
            _("There is no key with the name or id '%(wanted)s'.") % {"wanted": wanted}, field="key"
        )
    return key


def _current(found: Iterable[Key]) -> Key | None:
    """A rotated secret stands there too, until its grace ends."""
    return max(
        found,
        key=lambda key: (key.is_active, math.inf if key.expires_at is None else key.expires_at),
        default=None,
    )


def check_provider(provider_key: str | None, snapshot: Snapshot) -> None:
    known = [provider.provider_key for provider in snapshot.providers]
    if provider_key is not None and provider_key not in known:
        shown = ", ".join(known) or "none"
        raise Unknown(
            _("There is no enabled provider '%(provider_key)s', only: %(shown)s.")
            % {"provider_key": provider_key, "shown": shown},
            field="provider",
        )


def _headers(recorded: list[list[str]]) -> RawHeaders:
    return [
        (name, value)
        for name, value in from_text(header for header in recorded if header not in _UNPACKED)
        if name not in _LEFT_OUT and not name.startswith(CLIENT_ROUTE_PREFIXES)
    ]
