"""Links of the audit trail: each carries the hash of the one before it, so that an edit or a gap shows.

    hash = SHA-256(previous hash, newline, the event as JSON with sorted keys)

The same rule holds in the database, one chain a node, and in the file of JSON lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from .events import AuditEvent, AuditHead

FIRST = "0" * 64
FIELDS = (
    "node", "seq", "created_at", "actor_kind", "actor_name", "client_ip", "request_id", "action",
    "target_kind", "target_id", "target_name", "outcome", "repeats", "before", "after", "detail",
)  # fmt: skip

Values = dict[str, Any]


def link(previous: str, values: Values) -> str:
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous.encode() + b"\n" + text).hexdigest()


def append(event: AuditEvent) -> None:
    """Inside the transaction of the caller, if there is one: both are committed, or neither is."""
    with transaction.atomic():
        AuditHead.objects.get_or_create(node=event.node, defaults={"seq": 0, "hash": FIRST})
        head = AuditHead.objects.select_for_update().get(node=event.node)
        event.seq, event.previous_hash = head.seq + 1, head.hash
        event.hash = link(head.hash, values_of(event))
        event.save(force_insert=True)
        AuditHead.objects.filter(node=event.node).update(seq=event.seq, hash=event.hash)


def values_of(event: AuditEvent) -> Values:
    values = {name: getattr(event, name) for name in FIELDS}
    values["created_at"] = event.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    return values


def faults() -> Iterator[str]:
    """What is wrong with the chains in the database, in words; nothing when they are whole."""
    for head in AuditHead.objects.order_by("node"):
        # Others go on writing meanwhile: what they add is for the next time.
        events = AuditEvent.objects.filter(node=head.node, seq__lte=head.seq).order_by("seq")
        links = ((values_of(event), event.previous_hash, event.hash) for event in events.iterator())
        yield from faults_of(_("node %(node)s") % {"node": head.node}, links, head.seq, head.hash)
        yield from _faults_beyond(head.node)
    orphans = AuditEvent.objects.exclude(node__in=AuditHead.objects.values("node"))
    if orphans.exists():
        yield _("There are events of a node whose end of the chain is gone.")


def _faults_beyond(node: str) -> Iterator[str]:
    last = AuditEvent.objects.filter(node=node).order_by("-seq").values_list("seq", flat=True).first()
    head = AuditHead.objects.filter(node=node).first()  # after the event: it only grows
    if last is not None and head is not None and last > head.seq:
        yield _("node %(node)s: event %(last)s was added after the end of the chain.") % {
            "node": node,
            "last": last,
        }


def contains(hash: str) -> bool:
    return AuditEvent.objects.filter(hash=hash).exists()


def faults_of(
    where: str, links: Iterable[tuple[Values, str, str]], last_seq: int | None, last_hash: str | None
) -> Iterator[str]:
    """`last_seq` and `last_hash` say where the chain ends, when that is known from elsewhere."""
    seq, previous = 0, FIRST
    for values, given_previous, given_hash in links:
        if values["seq"] <= seq:
            yield _("%(where)s: event %(event)s comes after event %(seq)s.") % {
                "where": where,
                "event": values["seq"],
                "seq": seq,
            }
        elif values["seq"] != seq + 1:
            yield _missing(where, seq + 1, values["seq"] - 1)
        elif given_previous != previous:
            yield _("%(where)s: event %(event)s does not follow event %(seq)s.") % {
                "where": where,
                "event": values["seq"],
                "seq": seq,
            }
        if link(given_previous, values) != given_hash:
            yield _("%(where)s: event %(event)s (%(action)s) was changed.") % {
                "where": where,
                "event": values["seq"],
                "action": values["action"],
            }
        seq, previous = values["seq"], given_hash
    if last_seq is not None and seq < last_seq:
        yield _missing(where, seq + 1, last_seq)
    elif last_hash is not None and previous != last_hash:
        yield _("%(where)s: the end of the chain was changed.") % {"where": where}


def _missing(where: str, first: int, last: int) -> str:
    if first == last:
        return _("%(where)s: event %(first)s is missing.") % {"where": where, "first": first}
    words = _("%(where)s: events %(first)s to %(last)s are missing.")
    return words % {"where": where, "first": first, "last": last}
