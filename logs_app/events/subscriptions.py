"""How far each subscriber is, and how it fares: rows beside the records, whichever bus brings the events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from logs_app.assembly import columns
from logs_app.events import feed
from logs_app.events.event import Event
from logs_app.models import Claim, DeadLetter, Subscriber, SubscriberCursor

LONGEST_REASON = 500

# Where a new subscriber begins: at the oldest record that is kept, at a moment, or at what comes from now on.
Beginning = Literal["oldest", "now"] | datetime


@dataclass(slots=True)
class Tally:
    """What became of events."""

    delivered: int = 0
    retried: int = 0
    lost: int = 0
    dead: list[tuple[Event, str]] = field(default_factory=list)  # and why


def begin(name: str, beginning: Beginning) -> bool:
    """False for one that has begun already: it goes on where it was."""
    using = feed.alias()
    with transaction.atomic(using=using):
        _, is_new = Subscriber.objects.using(using).get_or_create(name=name)
        if is_new:
            SubscriberCursor.objects.using(using).bulk_create(
                SubscriberCursor(subscriber=name, node=node, seq=seq, claimed=seq)
                for node, seq in _positions(beginning).items()
            )
    return is_new


def _positions(beginning: Beginning) -> dict[str, int]:
    newest = feed.newest()
    if beginning == "now":
        return newest
    first = feed.oldest(beginning if isinstance(beginning, datetime) else None)
    return {node: first.get(node, seq + 1) - 1 for node, seq in newest.items()}


def position(name: str, beginning: Beginning) -> dict[str, int]:
    """Up to where all is settled; of one that has not begun, where it would begin."""
    if Subscriber.objects.using(feed.alias()).filter(pk=name).exists():
        return {node: row.seq for node, row in cursors(name).items()}
    return _positions(beginning)


def end(name: str) -> None:
    """Forgets it: under its name another one may begin."""
    using = feed.alias()
    with transaction.atomic(using=using):
        Subscriber.objects.using(using).filter(name=name).delete()
        for model in (SubscriberCursor, Claim, DeadLetter):
            model._default_manager.using(using).filter(subscriber=name).delete()


def cursors(name: str) -> dict[str, SubscriberCursor]:
    """Of every node: one that came later begins with its first record."""
    known = SubscriberCursor.objects.using(feed.alias()).filter(subscriber=name)
    found = {row.node: row for row in known}
    for node in feed.newest().keys() - found.keys():
        found[node] = SubscriberCursor(subscriber=name, node=node, seq=0, claimed=0)
    return found


def lag(name: str) -> int:
    """How many records are not settled."""
    settled = SubscriberCursor.objects.using(feed.alias()).filter(subscriber=name).aggregate(sum=Sum("seq"))
    return max(sum(feed.newest().values()) - (settled["sum"] or 0), 0)


def count(name: str, tally: Tally) -> None:
    """In the transaction that settles the events. It locks the subscriber's row."""
    now, using = timezone.now(), feed.alias()
    changes: dict[str, Any] = {
        "delivered": F("delivered") + tally.delivered,
        "retried": F("retried") + tally.retried,
        "lost": F("lost") + tally.lost,
        "dead": F("dead") + len(tally.dead),
        "seen_at": now,
    }
    if tally.delivered:
        changes["last_success_at"] = now
    if tally.dead:
        changes |= {"last_error": _reason(tally.dead[-1][1]), "last_error_at": now}
    Subscriber.objects.using(using).filter(pk=name).update(**changes)
    DeadLetter.objects.using(using).bulk_create(
        [_dead_letter(name, event, reason, now) for event, reason in tally.dead],
        update_conflicts=True,
        unique_fields=["subscriber", "record_id"],
        update_fields=["reason", "died_at", "is_due"],
    )


def fail(name: str, reason: str) -> None:
    """Nothing can be delivered now."""
    rows = Subscriber.objects.using(feed.alias()).filter(pk=name)
    now = timezone.now()
    rows.update(last_error=_reason(reason), last_error_at=now, seen_at=now)


def see(name: str) -> None:
    Subscriber.objects.using(feed.alias()).filter(pk=name).update(seen_at=timezone.now())


def leave(name: str) -> None:
    """Whoever else is at work for it will be seen again."""
    Subscriber.objects.using(feed.alias()).filter(pk=name).update(seen_at=None)


def _dead_letter(name: str, event: Event, reason: str, now: datetime) -> DeadLetter:
    return DeadLetter(
        subscriber=name,
        record_id=event.id,
        node=event.node,
        seq=event.seq,
        reason=_reason(reason),
        died_at=now,
    )


def _reason(text: str) -> str:
    return columns.text(text, LONGEST_REASON)
